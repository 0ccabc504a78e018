import { hasShape, headerShape, type HeaderShape } from '../locality/header-shape.ts'
import type { OriginStanding } from '../locality/origin.ts'
import type { LocalityPolicy, LocalityVerdict } from '../locality/index.ts'
import { namesNoHost } from '../locality/rules.ts'
import { listenerFacts, sentUrl, type JudgedRequest, type ListenerFacts } from './connection-facts.ts'

/** A verdict, and whose page the request acts for. */
export type Examined = { readonly verdict: LocalityVerdict; readonly origin: OriginStanding }

/** The last request of a connection, and all that its verdict came from but for what the connection itself is. */
export type LastRequest = {
  readonly shape: HeaderShape
  readonly httpVersion: string
  readonly listener: ListenerFacts
  /** What was known of tainted clients. */
  readonly taint: number
  readonly examined: Examined
}

/**
 * Kept so that the next request of the connection need not be judged anew when nothing that decides has changed: most
 * clients send the same fields, with other values in those that say nothing of where they are. `null` when it is no
 * such request: one that names a target of its own, or that has to be seen each time for what it says of its sender.
 */
export function lastRequest(
  policy: LocalityPolicy,
  request: JudgedRequest,
  taint: number,
  { verdict, origin }: Examined,
): LastRequest | null {
  if (!namesNoHost(sentUrl(request)) || verdict.reason === 'forwarding-untrusted') return null
  Object.freeze(verdict.trace)
  return {
    shape: headerShape(policy, request.rawHeaders),
    httpVersion: request.httpVersion,
    listener: listenerFacts(request.socket),
    taint,
    examined: { verdict: Object.freeze(verdict), origin },
  }
}

/** Whether `request`, of the same connection, would get the same verdict. */
export function repeats(request: JudgedRequest, last: LastRequest, taint: number): boolean {
  const { ingress, headerLimit } = listenerFacts(request.socket)
  return (
    last.taint === taint &&
    last.httpVersion === request.httpVersion &&
    last.listener.ingress === ingress &&
    last.listener.headerLimit === headerLimit &&
    namesNoHost(sentUrl(request)) &&
    hasShape(request.rawHeaders, last.shape)
  )
}
