import type { PairingRequiredError } from '../../client/browser/index.ts'
import { copyButton } from './copy-button.ts'
import { element, newId, type Child } from './element.ts'
import { fingerprintElement } from './names-in-text.ts'
import { plainHttpNote } from './plain-http-note.ts'
import type { OwnerConnection, Standing } from './owner-connection.ts'
import { problemText } from './problem-text.ts'

type Shown = Exclude<Standing, { readonly kind: 'connected' | 'lost' }>

/** What stands in place of the console until its device is let in. */
export function gateView(standing: Shown, connection: OwnerConnection, notice: string | null): HTMLElement {
  const [title, ...body] = contentOf(standing, connection)
  return element(
    'main',
    { class: `gate gate-${standing.kind}`, tabindex: '-1' },
    element('p', { class: 'brand' }, element('span', { class: 'mark', 'aria-hidden': 'true' }), 'Latchkey'),
    notice === null ? null : element('p', { class: 'note note-warn', role: 'status' }, notice),
    element('h1', {}, title),
    plainHttpNote(),
    body,
  )
}

function contentOf(standing: Shown, connection: OwnerConnection): readonly [string, ...Child[]] {
  if (standing.kind === 'connecting')
    return [
      'Connecting',
      element('p', { role: 'status' }, 'One moment: this console proves its key to the gateway.'),
    ]
  if (standing.kind === 'waiting') return waiting(standing.error, connection)
  if (standing.kind === 'secret') return secret(standing, connection)
  if (standing.kind === 'no-socket') return noSocket()
  if (standing.kind === 'unreachable')
    return [
      'The gateway does not answer',
      element('p', { role: 'status' }, 'It may be starting again. This page goes on trying by itself.'),
    ]
  return [
    'This console cannot connect',
    element('p', { role: 'alert' }, problemText(standing.error)),
    element('div', { class: 'actions' }, retryButton(connection)),
  ]
}

function waiting(error: PairingRequiredError, connection: OwnerConnection): readonly [string, ...Child[]] {
  const { requestId, digest, verificationCode } = error
  const command =
    requestId === undefined || digest === undefined
      ? null
      : `latchkey approve ${requestId} --digest ${digest}`
  return [
    'Waiting for the owner',
    element(
      'p',
      {},
      'This browser is a new device to the gateway. The owner has to approve it once, in another console or on the command line. This page goes on by itself then.',
    ),
    verificationCode === undefined
      ? null
      : element(
          'div',
          { class: 'code-block' },
          element('p', {}, 'Verification code'),
          element(
            'output',
            { class: 'code', 'aria-label': `Verification code ${verificationCode}` },
            verificationCode,
          ),
          element(
            'p',
            { class: 'hint' },
            'The owner compares it with the one beside the request, or types it.',
          ),
        ),
    element('p', { class: 'hint' }, 'This console has the ', fingerprintElement(connection.deviceId()), '.'),
    command === null
      ? null
      : element(
          'div',
          { class: 'command' },
          element('p', {}, 'On the machine of the gateway:'),
          element(
            'code',
            { tabindex: '0', class: 'block', role: 'group', 'aria-label': 'Command to approve this console' },
            command,
          ),
          copyButton('Copy the command', command),
        ),
    element(
      'details',
      {},
      element('summary', {}, 'Why it was not let in by itself'),
      error.advice.map((line) => element('p', {}, line)),
    ),
  ]
}

function secret(
  { wants, wasWrong }: Extract<Standing, { kind: 'secret' }>,
  connection: OwnerConnection,
): readonly [string, ...Child[]] {
  const id = newId('secret')
  const input = element('input', {
    id,
    type: 'password',
    autocomplete: 'off',
    required: true,
    maxlength: '512',
  })
  return [
    `This gateway asks for its ${wants}`,
    wasWrong ? element('p', { class: 'note note-bad', role: 'alert' }, `That was not the ${wants}.`) : null,
    element(
      'form',
      {
        class: 'stack',
        submit: (event) => {
          event.preventDefault()
          connection.useSecret(wants, input.value)
        },
      },
      element('label', { for: id }, `The shared ${wants}`),
      input,
      element('p', { class: 'hint' }, 'It is kept in this tab alone, until it is closed or loaded again.'),
      element('div', { class: 'actions' }, element('button', { class: 'primary' }, 'Connect')),
    ),
  ]
}

function noSocket(): readonly [string, ...Child[]] {
  const line = `allowedOrigins: ['${location.origin}']`
  return [
    'The gateway answers, but not to this page',
    element('p', {}, 'It was given no WebSocket. One of two things is missing:'),
    element(
      'ol',
      {},
      element(
        'li',
        {},
        'Pages of this address are not allowed to connect. Name it in the options of the gateway, as the owner of the address: ',
        element(
          'code',
          { class: 'block', tabindex: '0', role: 'group', 'aria-label': 'Option' },
          `locality: { ${line} }`,
        ),
      ),
      element(
        'li',
        {},
        'The proxy in front does not pass WebSockets on. ',
        element('code', {}, 'latchkey explain'),
        ' has the lines for each proxy.',
      ),
    ),
    element('p', { class: 'hint', role: 'status' }, 'This page goes on trying by itself.'),
  ]
}

function retryButton(connection: OwnerConnection): HTMLElement {
  return element('button', { type: 'button', class: 'primary', click: () => connection.retry() }, 'Try again')
}
