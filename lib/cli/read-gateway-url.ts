import { InvalidArgumentError } from 'commander'

/** A WebSocket URL, as it was given. */
export function readGatewayUrl(text: string): string {
  const url = URL.parse(text)
  if (url !== null && /^wss?:$/.test(url.protocol)) return text
  throw new InvalidArgumentError('Expected a URL such as wss://gateway.example/gateway.')
}
