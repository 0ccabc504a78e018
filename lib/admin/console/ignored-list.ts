import { element } from './element.ts'
import { fingerprintElement, nameElement } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import type { IgnoredDevice } from './records.ts'
import { dateAndTime } from './time-in-words.ts'

/** Keys that are not heard, with a way back. */
export function ignoredList(actions: OwnerActions): {
  readonly element: HTMLElement
  update(ignored: readonly IgnoredDevice[]): void
} {
  const list = element('ul', { class: 'rows' })
  const summary = element('summary', {})
  const whole = element('details', { class: 'aside', hidden: true }, summary, list)

  async function unignore(device: IgnoredDevice): Promise<void> {
    try {
      await actions.request('device.pair.unignore', { deviceId: device.deviceId })
      actions.announcer.say('It is heard again: its next request is shown here.')
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
  }

  let shown = ''
  return {
    element: whole,
    update(ignored) {
      const now = JSON.stringify(ignored)
      if (now === shown) return
      shown = now
      whole.hidden = ignored.length === 0
      summary.textContent = `Ignored keys (${ignored.length})`
      list.replaceChildren(
        ...ignored.map((device) =>
          element(
            'li',
            {},
            element(
              'div',
              {},
              nameElement(device.displayName ?? undefined),
              ' ',
              fingerprintElement(device.deviceId),
              element('p', { class: 'meta' }, `since ${dateAndTime(device.ignoredAtMs)}`),
            ),
            element('button', { type: 'button', click: () => void unignore(device) }, 'Hear it again'),
          ),
        ),
      )
    },
  }
}
