import { green, red, yellow, type Finding } from './finding.ts'
import type { GatewayReport, Listener } from './gateway-report.ts'

const ADVICE =
  "Listen on 127.0.0.1, and let a proxy that speaks TLS stand before it: listen(port, '127.0.0.1')."

/** Who can reach the gateway without a proxy. */
export function checkListeners({ listeners, assurance }: GatewayReport): Finding[] {
  if (listeners === undefined || listeners.length === 0)
    return [yellow('listener', 'unknown', 'Update the gateway, or look yourself: ss -ltnp.')]
  return listeners.map((listener) => checkListener(listener, assurance === 'headers'))
}

function checkListener(listener: Listener, trustsHeaders: boolean): Finding {
  if (listener.kind === 'unix') return green('listener', `Unix socket ${listener.path}`)
  const { address, port } = listener
  const shown = `${address.includes(':') ? `[${address}]` : address}:${port}`
  if (address === '::1' || address.startsWith('127.')) return green('listener', `${shown}, this machine alone`)
  const isAny = address === '0.0.0.0' || address === '::'
  const saw = isAny ? `${shown}: every network can reach it, without TLS` : `${shown}: its network can reach it, without TLS`
  return trustsHeaders ? red('listener', saw, ADVICE) : yellow('listener', saw, ADVICE)
} // prettier-ignore
