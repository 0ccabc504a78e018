import { green, red, yellow, type Finding } from './finding.ts'
import type { GatewayReport } from './gateway-report.ts'

const UNKNOWN_ADVICE = 'Update the gateway, or read its options yourself: it does not say (doctor.report).'

/** The trust list, and what the gateway asks of a client before it is local. */
export function checkTrust(report: GatewayReport, hasProxies: boolean): Finding[] {
  return [checkTrustList(report, hasProxies), checkAssurance(report), checkTaint(report)]
}

function checkTrustList({ trustProxy, forwardedBy }: GatewayReport, hasProxies: boolean): Finding {
  if (trustProxy === undefined) return yellow('trust list', 'unknown', UNKNOWN_ADVICE)
  const by = `, by ${forwardedBy ?? 'x-forwarded-for'}`
  if (trustProxy.length === 0) {
    if (!hasProxies) return green('trust list', 'empty: no proxy is believed')
    const saw = 'empty, but a proxy on this machine points at the gateway'
    return yellow('trust list', saw, "Name it: trustProxy: ['loopback'].")
  }
  const wide = trustProxy.map((entry) => entry.trim()).find(isWide)
  if (wide === undefined) return green('trust list', trustProxy.join(', ') + by)
  const advice = 'Name the proxies themselves: whoever is in the list may say for whom it speaks.'
  return yellow('trust list', `${trustProxy.join(', ')}${by}: ${wide} is a whole network`, advice)
}

function isWide(entry: string): boolean {
  if (entry === 'linklocal' || entry === 'uniquelocal') return true
  const prefix = Number(/\/(\d+)$/.exec(entry)?.[1] ?? Infinity)
  if (/^127\./.test(entry)) return false
  return entry.includes(':') ? prefix < 64 : prefix < 24
}

function checkAssurance({ assurance }: GatewayReport): Finding {
  if (assurance === undefined) return yellow('assurance', 'unknown', UNKNOWN_ADVICE)
  if (assurance !== 'headers') return green('assurance', `local needs ${assurance}`)
  const advice = 'Remove dangerouslyTrustHeaders: a proxy that adds no header makes the whole internet local.'
  return red('assurance', 'headers alone make a client local', advice)
}

function checkTaint({ taint }: GatewayReport): Finding {
  if (taint === undefined) return yellow('taint', 'unknown', UNKNOWN_ADVICE)
  if (taint === null) return green('taint', 'none')
  const since = taint.sinceMs === 0 ? '' : ` since ${new Date(taint.sinceMs).toISOString()}`
  const advice = 'Correct the proxy, then probe again: latchkey doctor https://your-public-url clears it.'
  return yellow('taint', `set${since}: ${taint.why}`, advice)
}
