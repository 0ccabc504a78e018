import { confirmDialog } from './confirm-dialog.ts'
import { element, newId } from './element.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'

const SINCE = [
  ['in the last hour', 3_600_000],
  ['in the last day', 86_400_000],
  ['in the last week', 7 * 86_400_000],
  ['ever', Number.POSITIVE_INFINITY],
] as const

/** Takes back what was given silently, for an owner who finds that something else than they was on the machine. */
export function undoSilentForm(actions: OwnerActions): HTMLElement {
  const id = newId('since')
  const since = element(
    'select',
    { id },
    SINCE.map(([text], index) => element('option', { value: String(index) }, text)),
  )

  async function undo(): Promise<void> {
    const [text, ms] = SINCE[Number(since.value)] ?? SINCE[0]
    const sinceMs = Math.max(0, Math.floor(actions.nowMs() - ms))
    const grants = actions
      .state()
      .paired.flatMap((device) => device.grants)
      .filter(({ via, grantedAtMs }) => via === 'silent' && grantedAtMs >= sinceMs)
    if (grants.length === 0) {
      actions.announcer.say(`Nothing was given silently ${text}.`)
      return
    }
    const count = grants.length === 1 ? 'One silent grant' : `${grants.length} silent grants`
    const isSure = await confirmDialog({
      title: `Take back what was given silently ${text}?`,
      text: `${count} would be taken back, and the connections that rest on them end. Programs on this machine are let in silently again when they connect, this console too.`,
      action: 'Take back',
    })
    if (!isSure) return
    try {
      await actions.request('device.grants.undo', { sinceMs })
      actions.announcer.say(`Taken back: ${count.toLowerCase()}.`)
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
  }

  return element(
    'form',
    {
      class: 'aside inline-form',
      submit: (event) => {
        event.preventDefault()
        void undo()
      },
    },
    element('label', { for: id }, 'Take back what was given silently '),
    since,
    element('button', { class: 'danger-quiet' }, 'Take back'),
  )
}
