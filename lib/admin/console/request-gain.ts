import { element, newId, type Child } from './element.ts'
import { listed } from './names-in-text.ts'
import { holdings, type PairedDevice, type PendingRequest } from './records.ts'
import { gain, isGreat, roleInWords, scopeInWords } from './scopes-in-words.ts'

export type GainView = {
  readonly element: HTMLElement
  /** Those that are to be granted, and whether that is all. */
  chosen(): { readonly roles: readonly string[]; readonly scopes: readonly string[]; readonly isAll: boolean }
}

/** What an approval would give, in plain words beside what the device holds, each with a box to leave it out. */
export function requestGain(
  request: PendingRequest,
  holder: PairedDevice | undefined,
  onChange: () => void,
): GainView {
  const held = holdings(holder?.grants ?? [], 'owner')
  const silent = holdings(holder?.grants ?? [], 'silent')
  const added = gain(request.asks, held)
  const roles = request.asks.map(({ role }) => role)
  const scopes = [...new Set(request.asks.flatMap((ask) => ask.scopes))].sort()
  const boxes = new Map<string, HTMLInputElement>()

  const choice = (kind: 'role' | 'scope', name: string): HTMLElement => {
    const id = newId(kind)
    const box = element('input', { type: 'checkbox', id, checked: true, change: onChange })
    boxes.set(`${kind} ${name}`, box)
    const isNew = added[kind === 'role' ? 'roles' : 'scopes'].includes(name)
    return element(
      'li',
      { class: 'choice' },
      box,
      element(
        'label',
        { for: id },
        element('code', {}, name),
        ' ',
        isNew
          ? element(
              'span',
              { class: isGreat(name) ? 'tag tag-bad' : 'tag tag-new' },
              isGreat(name) ? 'adds full control' : 'adds',
            )
          : element('span', { class: 'tag' }, 'has it already'),
        element(
          'span',
          { class: 'words' },
          kind === 'role' ? `Role: ${roleInWords(name)}` : scopeInWords(name),
        ),
      ),
    )
  }
  const isChosen =
    (kind: string) =>
    (name: string): boolean =>
      boxes.get(`${kind} ${name}`)?.checked === true

  const view = element(
    'fieldset',
    { class: 'part gain' },
    element('legend', {}, 'What it would gain'),
    element('p', {}, holdsText(request, held, silent)),
    element(
      'ul',
      { class: 'choices' },
      roles.map((role) => choice('role', role)),
      scopes.map((scope) => choice('scope', scope)),
    ),
  )
  return {
    element: view,
    chosen() {
      const chosen = { roles: roles.filter(isChosen('role')), scopes: scopes.filter(isChosen('scope')) }
      const isAll = chosen.roles.length === roles.length && chosen.scopes.length === scopes.length
      return { ...chosen, isAll }
    },
  }
}

type Held = ReturnType<typeof holdings>

function holdsText({ reason }: PendingRequest, held: Held, silent: Held): Child[] {
  if (held.length > 0) return ['You have approved it for ', words(held), '. It asks for more.']
  if (silent.length === 0) return ['It holds nothing so far.']
  const text = ' was given to it silently, because it was on this machine'
  return reason === 'remote-use'
    ? [words(silent), `${text}. Now it connects from elsewhere, where that does not count.`]
    : [words(silent), `${text}. You have approved nothing so far.`]
}

function words(held: Held): HTMLElement {
  const names = held.flatMap(({ role, scopes }) => (scopes.length === 0 ? [role] : scopes))
  return element('strong', {}, listed(names))
}
