import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import { canonicalAddress } from '../locality/address.ts'
import type { HeaderField } from './request-head.ts'

/** The headers that hops have written, for `.set()`; with the last hop's address, for `fromPeer()`. */
export type Route = Readonly<Record<string, string>>

export type ViaOptions = {
  /** The header that the hops write. Default `x-forwarded-for`; `forwarded` is RFC 7239. */
  header?: 'x-forwarded-for' | 'forwarded'
  /** What they say the client spoke. Default `http`. */
  proto?: 'http' | 'https'
}

type KnownRoute = { readonly peer: string; readonly fields: readonly HeaderField[] }

const routes = new WeakMap<object, KnownRoute>()

/**
 * The way from a client over proxies to the app: the last hop is the peer, each hop has added the address that
 * it saw. Give it to `fromPeer()`; or to `.set()` when the last hop is on this machine, since every request of
 * supertest comes from there.
 *
 * @throws {LatchkeyError} OPTION_INVALID, OPTION_UNKNOWN
 *
 * @example
 * await request(fromPeer(app, via('203.0.113.7', '10.0.0.2'))).get('/notes').expect(403)
 * await request(app).get('/notes').set(via('203.0.113.7', '127.0.0.1')).expect(403)
 */
export function via(client: string, ...hopsAndOptions: (string | ViaOptions)[]): Route {
  const last = hopsAndOptions.at(-1)
  const options: ViaOptions = typeof last === 'object' ? last : {}
  rejectUnknownKeys('via', options, ['header', 'proto'])
  const { header = 'x-forwarded-for', proto = 'http' } = options
  if (!['x-forwarded-for', 'forwarded'].includes(header))
    throw new LatchkeyError('OPTION_INVALID', 'via: header: expected "x-forwarded-for" or "forwarded"')
  const hops = typeof last === 'object' ? hopsAndOptions.slice(0, -1) : hopsAndOptions
  const path = [client, ...hops].map(checkHop)
  if (path.length < 2)
    throw new LatchkeyError('OPTION_INVALID', 'via: expected the client and at least one proxy')
  const seen = path.slice(0, -1)
  const fields: HeaderField[] =
    header === 'forwarded'
      ? [['Forwarded', seen.map((address) => `for=${forwardedNode(address)};proto=${proto}`).join(', ')]]
      : [
          ['X-Forwarded-For', seen.join(', ')],
          ['X-Forwarded-Proto', proto],
        ]
  const route: Route = Object.fromEntries(fields)
  routes.set(route, { peer: path.at(-1) ?? '', fields })
  return route
}

/** What `via()` made; `null` for anything else. */
export function routeOf(route: unknown): KnownRoute | null {
  return typeof route === 'object' && route !== null ? (routes.get(route) ?? null) : null
}

function checkHop(address: unknown): string {
  if (typeof address === 'string' && canonicalAddress(address) !== null) return address
  throw new LatchkeyError(
    'OPTION_INVALID',
    `via: got ${JSON.stringify(address)}, expected IP addresses such as "203.0.113.7", "10.0.0.2"`,
  )
}

/** RFC 7239, section 6: an IPv6 address stands in brackets, and so in quotes. */
function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}
