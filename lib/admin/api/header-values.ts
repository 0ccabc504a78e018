import type { IncomingMessage } from 'node:http'

/** Every value of a field, as sent: Node keeps only the first of some that came twice. */
export function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}

/** Of a field that may be a list (RFC 9110, section 5.3); `null` when it was not sent. */
export function headerList(request: IncomingMessage, name: string): string | null {
  const values = headerValues(request, name)
  return values.length === 0 ? null : values.join(', ')
}
