import { element, newId } from './element.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import type { MadeInvite } from './records.ts'
import type { Ask } from './scopes-in-words.ts'

const FOR: readonly (readonly [string, Ask])[] = [
  ['Another console of mine: full control', { role: 'operator', scopes: ['operator.admin'] }],
  ['A tool that reads and changes', { role: 'operator', scopes: ['operator.write'] }],
  ['A tool that only reads', { role: 'operator', scopes: ['operator.read'] }],
  ['A node', { role: 'node', scopes: [] }],
]
const FOR_HOW_LONG = [
  ['10 minutes', 600_000],
  ['1 hour', 3_600_000],
  ['1 day', 86_400_000],
  ['1 week', 7 * 86_400_000],
] as const

/** Makes an invitation and hands it over: its token cannot be said again. */
export function inviteForm(actions: OwnerActions, onMade: (made: MadeInvite) => void): HTMLElement {
  const [forId, labelId, ttlId] = [newId('for'), newId('label'), newId('ttl')]
  const what = element(
    'select',
    { id: forId },
    FOR.map(([text], index) => element('option', { value: String(index) }, text)),
  )
  const label = element('input', {
    id: labelId,
    maxlength: '64',
    autocomplete: 'off',
    placeholder: 'for example: my phone',
  })
  const ttl = element(
    'select',
    { id: ttlId },
    FOR_HOW_LONG.map(([text, ms]) => element('option', { value: String(ms) }, text)),
  )

  async function make(): Promise<void> {
    const [, ask] = FOR[Number(what.value)] ?? []
    try {
      const made = await actions.request('device.invite.create', {
        ...ask,
        ttlMs: Number(ttl.value),
        ...(label.value.trim() === '' ? {} : { label: label.value }),
      })
      label.value = ''
      onMade(made as MadeInvite)
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
  }

  return element(
    'form',
    {
      class: 'card grid-form',
      submit: (event) => {
        event.preventDefault()
        void make()
      },
    },
    element('div', { class: 'field' }, element('label', { for: forId }, 'For'), what),
    element('div', { class: 'field' }, element('label', { for: labelId }, 'Note for yourself'), label),
    element('div', { class: 'field' }, element('label', { for: ttlId }, 'Open for'), ttl),
    element('div', { class: 'actions' }, element('button', { class: 'primary' }, 'Make an invitation')),
  )
}
