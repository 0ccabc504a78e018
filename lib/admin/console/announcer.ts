import { element } from './element.ts'

export type Announcer = {
  readonly element: HTMLElement
  /** Shows a line for a while, and has it read out. */
  say(text: string, kind?: 'good' | 'bad'): void
  /** Has it read out alone: it can be seen elsewhere. */
  readOut(text: string): void
}

const SHOWN_MS = 8000

/** Lines about what happened, at the edge of the page. */
export function announcer(): Announcer {
  const list = element('div', { class: 'toasts' })
  const unseen = element('p', { class: 'visually-hidden' })
  return {
    element: element('div', { role: 'status', 'aria-live': 'polite' }, list, unseen),
    readOut(text) {
      unseen.textContent = text
    },
    say(text, kind = 'good') {
      const line = element('p', { class: `toast toast-${kind}` }, text)
      list.append(line)
      while (list.childElementCount > 3) list.firstElementChild?.remove()
      setTimeout(() => line.remove(), SHOWN_MS)
    },
  }
}
