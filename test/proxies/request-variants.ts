export type RequestVariant = {
  readonly title: string
  readonly headers: Readonly<Record<string, string>>
  /** Makes no sense for a WebSocket. */
  readonly getOnly?: true
}

/** The ways in which a client asks: as it is, or pretending to be on the gateway's machine. */
export function requestVariants(gatewayPort: number): readonly RequestVariant[] {
  return [
    { title: 'plain', headers: {} },
    { title: 'X-Forwarded-For: 127.0.0.1', headers: { 'X-Forwarded-For': '127.0.0.1' } },
    { title: 'X-Real-IP: 127.0.0.1', headers: { 'X-Real-IP': '127.0.0.1' } },
    { title: 'Forwarded: for=127.0.0.1', headers: { Forwarded: 'for=127.0.0.1' } },
    {
      title: 'Connection: X-Forwarded-For',
      headers: { Connection: 'close, X-Forwarded-For' },
      getOnly: true,
    },
    { title: 'Host: localhost', headers: { Host: 'localhost' } },
    { title: 'Host: 127.0.0.1 with the port', headers: { Host: `127.0.0.1:${gatewayPort}` } },
    {
      title: 'Host: localhost with X-Forwarded-For: 127.0.0.1',
      headers: { Host: 'localhost', 'X-Forwarded-For': '127.0.0.1' },
    },
  ]
}

/** Of those without a word about forwarding. */
export function forgesNothing({ title }: RequestVariant): boolean {
  return title === 'plain' || title === 'Host: localhost' || title === 'Host: 127.0.0.1 with the port'
}
