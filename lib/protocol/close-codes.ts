/** WebSocket close codes (RFC 6455, section 7.4) that the gateway uses, and its own in 4000-4999. */
export const CLOSE = {
  protocol: 1002,
  policy: 1008,
  tooBig: 1009,
  internal: 1011,
  restart: 1012,
  tryLater: 1013,
  tickTimeout: 4000,
  authorityChanged: 4001,
} as const

/** A close reason may have 123 bytes (RFC 6455, section 5.5); cut at 120 without breaking a character. */
export function closeReason(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length <= 120) return text
  let end = 120
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
