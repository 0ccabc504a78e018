import { inviteLink, setupCode } from './addresses.ts'
import { copyButton } from './copy-button.ts'
import { element } from './element.ts'
import { listed } from './names-in-text.ts'
import { qrDrawing } from './qr-drawing.ts'
import type { MadeInvite } from './records.ts'
import { dateAndTime } from './time-in-words.ts'

/** A new invitation with its link, its QR code and its setup code: this once. */
export function madeInvite(made: MadeInvite, page: URL, onDone: () => void): HTMLElement {
  const link = inviteLink(page, made.bootstrapToken)
  const code = setupCode(page, made.bootstrapToken)
  const gives = made.asks.flatMap(({ role, scopes }) => (scopes.length === 0 ? [role] : scopes))
  const isForOwner = gives.includes('operator.admin')
  return element(
    'section',
    { class: 'card made', tabindex: '-1', 'aria-label': 'New invitation' },
    element(
      'div',
      { class: 'made-text' },
      element('h2', {}, 'Your invitation'),
      element(
        'p',
        {},
        `Whoever uses it first gets `,
        element('strong', {}, listed(gives)),
        `, once, until ${dateAndTime(made.expiresAtMs)}. It is shown only now: hand it over as you would a key.`,
      ),
      isForOwner ? secretText('Link, to open in a browser', link) : null,
      secretText('Setup code, for a tool', code),
      element('div', { class: 'actions' }, element('button', { type: 'button', click: onDone }, 'Done')),
    ),
    element(
      'figure',
      {},
      qrDrawing(isForOwner ? link : code, isForOwner ? 'QR code of the link' : 'QR code of the setup code'),
      element('figcaption', {}, isForOwner ? 'Scan it with the phone to let in' : 'The setup code'),
    ),
  )
}

function secretText(label: string, text: string): HTMLElement {
  return element(
    'div',
    { class: 'command' },
    element('p', {}, label),
    element('code', { class: 'block', tabindex: '0', role: 'group', 'aria-label': label }, text),
    copyButton('Copy', text),
  )
}
