import { plainLine } from '../../client/plain-line.ts'
import { element } from './element.ts'

/** A name, apart from the direction of the text around it. */
export function nameElement(name: string | undefined, fallback = 'A device without a name'): HTMLElement {
  return element('bdi', { class: 'name' }, name === undefined || name === '' ? fallback : plainLine(name))
}

/** A key as people compare it: the first 16 hex digits of the device id, in groups, as the command line shows it. */
function fingerprint(deviceId: string): string {
  return plainLine(deviceId.slice(0, 16).replaceAll(/(.{4})(?=.)/g, '$1 '))
}

export function fingerprintElement(deviceId: string): HTMLElement {
  return element(
    'span',
    { class: 'key' },
    element('span', { class: 'key-label' }, 'key '),
    element('code', {}, fingerprint(deviceId)),
  )
}

/** Letters of several scripts look like one another: `раypal` is not `paypal`. */
export function nameWarning(warning: string | undefined): HTMLElement | null {
  if (warning === undefined) return null
  return element(
    'p',
    { class: 'note note-warn' },
    'This name mixes letters of several scripts, as names that imitate others do. Go by the key.',
  )
}

/** `a, b and c` */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`
}
