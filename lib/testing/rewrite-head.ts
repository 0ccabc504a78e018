import { fieldOf, formatHead, parseHead, withoutFields, type HeaderField, type RequestHead } from './request-head.ts' // prettier-ignore

/** Adds fields to the end of a request's head. */
export function addFields(text: string, fields: readonly HeaderField[]): string {
  const head = parseHead(text)
  return head === null ? `${text}\r\n\r\n` : formatHead(onceOnly({ ...head, fields: [...head.fields, ...fields] })) // prettier-ignore
}

/** Only the first request of a connection is rewritten, so there must be no second one. */
export function onceOnly(head: RequestHead): RequestHead {
  if (/\bupgrade\b|\bclose\b/i.test(fieldOf(head, 'connection') ?? '')) return head
  const fields = withoutFields(head.fields, ['connection'])
  return { ...head, fields: [...fields, ['Connection', 'close']] }
}
