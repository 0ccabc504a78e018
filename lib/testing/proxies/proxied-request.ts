import { fieldOf, withoutFields, type HeaderField, type RequestHead } from '../request-head.ts'

/** What a proxy knows when it passes a request on. */
export type ProxiedRequest = {
  /** As the client sent it. */
  readonly head: RequestHead
  /** The address that the proxy saw. */
  readonly client: string
  /** Where it connects to: `127.0.0.1:3000`. */
  readonly upstream: string
}

/** What the app gets of it. */
export type PassOn = (request: ProxiedRequest) => RequestHead

/** Passes every byte on, as a TCP forwarder does. */
export const passThrough: PassOn = ({ head }) => head

export function hostOf(head: RequestHead): string {
  return fieldOf(head, 'host') ?? ''
}

export function isUpgrade(head: RequestHead): boolean {
  return /\bupgrade\b/i.test(fieldOf(head, 'connection') ?? '') && fieldOf(head, 'upgrade') !== undefined
}

/** Adds to a list that may be there already: `X-Forwarded-For: <what the client wrote>, <its address>`. */
export function appended(head: RequestHead, name: string, value: string): string {
  const before = fieldOf(head, name)
  return before === undefined ? value : `${before}, ${value}`
}

/** Without `Connection`, `Upgrade`, and what the former nominates (RFC 9110, section 7.6.1). */
export function endToEnd(head: RequestHead): HeaderField[] {
  const nominated = (fieldOf(head, 'connection') ?? '').split(',').map((name) => name.trim().toLowerCase())
  return withoutFields(head.fields, ['connection', 'upgrade', 'keep-alive', 'te', ...nominated])
}
