import { element } from './element.ts'

/** What the owner has to know of a page that came over plain http from another machine; else nothing. */
export function plainHttpNote(): HTMLElement | null {
  if (isSecureContext) return null
  return element(
    'p',
    { class: 'note note-warn plain-http' },
    'This page came over plain http: whoever can change what passes on this network can change the page, and decide in your place. Use https, or a tunnel, in a network that others share.',
  )
}
