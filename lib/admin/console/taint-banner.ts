import { confirmDialog } from './confirm-dialog.ts'
import { element } from './element.ts'
import { plainLine } from '../../client/plain-line.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import type { Taint } from './records.ts'
import { ago } from './time-in-words.ts'

/** Stands above everything while the gateway was seen to take visitors for residents. */
export function taintBanner(actions: OwnerActions): {
  readonly element: HTMLElement
  update(taint: Taint | null): void
} {
  const why = element('p', {})
  const banner = element(
    'section',
    { class: 'banner', 'aria-label': 'Warning', hidden: true },
    element('h2', {}, 'Visitors may look as if they were on this machine'),
    why,
    element(
      'p',
      {},
      'Until this is cleared, nobody is let in on the word of the system alone. Correct the proxy as ',
      element('code', {}, 'latchkey doctor <public address>'),
      ' says and run it again: a clean probe clears this by itself. Do not strip forwarding headers and do not rewrite Host.',
    ),
    element('p', {}, element('a', { href: '#/doctor' }, 'What the doctor found')),
    element('button', { type: 'button', click: () => void clear() }, 'Clear it by hand'),
  )

  async function clear(): Promise<void> {
    const isSure = await confirmDialog({
      title: 'Clear the warning?',
      text: 'If visitors still look local, they are then let in silently. Clear it by hand only when you know why it was set and that it is no longer so.',
      action: 'Clear it',
    })
    if (!isSure) return
    try {
      await actions.request('locality.taint.clear')
      actions.announcer.say('The warning is cleared.')
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
  }

  return {
    element: banner,
    update(taint) {
      banner.hidden = taint === null
      if (taint !== null)
        why.textContent = `What was seen, ${ago(taint.sinceMs, actions.nowMs())}: ${plainLine(taint.why)}.`
    },
  }
}
