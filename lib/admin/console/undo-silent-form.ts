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
    const isSure = await confirmDialog({
      title: `Take back what was given silently ${text}?`,
      text: `All of it is taken back, and the connections that rest on it end. Programs on this machine are let in silently again when they connect, this console too.`,
      action: 'Take back',
    })
    if (!isSure) return
    try {
      const { grants } = (await actions.request('device.grants.undo', { sinceMs })) as {
        readonly grants: readonly unknown[]
      }
      const count = grants.length === 1 ? 'one silent grant' : `${grants.length} silent grants`
      actions.announcer.say(
        grants.length === 0 ? `Nothing was given silently ${text}.` : `Taken back: ${count}.`,
      )
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
