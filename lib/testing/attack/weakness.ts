import { canonicalAddress, isLoopbackAddress } from '../../locality/address.ts'
import { parseHost } from '../../locality/host.ts'
import type { AttackCase } from './attack-case.ts'

/** What an app that lets an attack in has got wrong. */
export type Weakness =
  | 'believes-forwarding'
  | 'believes-host'
  | 'ignores-forwarding'
  | 'ignores-host'
  | 'ignores-page'
  | 'ignores-target'
  | 'reads-malformed'
  | 'headers-alone'
  | 'remembers-connection'
  | 'no-address'
  | 'not-guarded'

export type WeaknessText = { readonly title: string; readonly why: string; readonly change: string }

/** What mends all of it. */
export const USE_LATCHKEY =
  'Put localClient() before the route and requireLocalClient() on it, and name in trustProxy only the proxies that you run.'

export const WEAKNESSES: Readonly<Record<Weakness, WeaknessText>> = {
  'not-guarded': {
    title: 'everybody is let in',
    why: 'A plain client from elsewhere, which claims nothing, was let in.',
    change: 'The route is not guarded at all, or the guard comes after it.',
  },
  'believes-forwarding': {
    title: 'believes what a stranger writes into a forwarding header',
    why: 'The client is elsewhere and wrote itself that it is 127.0.0.1. That is what "trust proxy: true" and a look at X-Forwarded-For without a list of proxies do.',
    change: "Never app.set('trust proxy', true): name the proxies, such as 'loopback'. Forwarding headers can take locality away, never give it.",
  },
  'believes-host': {
    title: 'takes a connection from elsewhere for a local one',
    why: 'The peer of the connection is another machine; it only wrote "localhost" as the Host, which every client can.',
    change: 'Decide by the address of the connection first, not by req.hostname or the Host header, and take an address that is unknown or odd for remote.',
  },
  'ignores-forwarding': {
    title: 'overlooks that a proxy speaks for somebody else',
    why: 'Behind nginx, a tunnel or a container port everybody arrives from 127.0.0.1. Here a header said that there is a proxy in between, and it was not looked at, or not understood.',
    change: 'Do not decide by req.socket.remoteAddress or req.ip alone.',
  },
  'ignores-host': {
    title: 'answers to a name that is not of this machine',
    why: 'The Host is not a name of this machine: a proxy passed it on, or a page rebound its own name to 127.0.0.1 (DNS rebinding).',
    change: 'Compare the whole Host with a list, by a strict grammar and never with new URL().',
  },
  'ignores-target': {
    title: 'overlooks an absolute target for another host',
    why: 'The request line names another host than the Host header; proxies and apps differ in which of them they read.',
    change: 'Refuse a request whose absolute target disagrees with its Host.',
  },
  'ignores-page': {
    title: 'lets pages of other sites use the browser of this machine',
    why: 'The browser is on this machine, but it acts for a page from elsewhere: cross-site request forgery, or hijacking of a WebSocket.',
    change: 'Compare Origin and Sec-Fetch-Site, for WebSockets before the 101. requireLocalClient() and the gateway do.',
  },
  'reads-malformed': {
    title: 'makes sense of a request that is not well-formed',
    why: 'Two servers read such a request differently, and the one in front may have meant something else. What is not well-formed proves nothing.',
    change: 'Take what is malformed, doubled or cut off for remote, and leave insecureHTTPParser off.',
  },
  'headers-alone': {
    title: 'cannot tell a proxy that says nothing from a local client',
    why: 'This arrives from 127.0.0.1 with the Host of this machine and not one forwarding header, as nginx, HAProxy, ssh and every TCP tunnel send it with their defaults. Only the kernel knows that a relay is at the other end.',
    change: 'Leave the assurance of localClient() at its default, which asks the kernel who is at the other end, and drop dangerouslyTrustHeaders.',
  },
  'remembers-connection': {
    title: 'judges a connection once, and not each of its requests',
    why: 'A local request came first, and another one over the same connection was let in unseen. A proxy sends requests of many clients over one connection, and a browser those of many pages.',
    change: 'Keep no verdict on the socket: decide on each request.',
  },
  'no-address': {
    title: 'takes a connection without an address for a local one',
    why: 'A Unix socket of the app is where proxies connect, and a TCP client that resets at once leaves no address either.',
    change: 'undefined is not local. For local clients alone there is gateway.listenLocal().',
  },
} // prettier-ignore

/** Names that a naive reader may look at as well as the true ones. */
const FORWARDING = /forwarded|^via|real.?ip|client.?ip|remote.?(?:ip|addr)|connecting|originating|^x-host$/i

/** What letting this case in says about an app, whatever the connection carried before. */
export function weaknessOf({ by, connection, fields, raw, target }: AttackCase): Weakness {
  if (by === 'page' && fields.some(([name]) => /^(?:origin|sec-fetch-site)$/i.test(name))) return 'ignores-page' // prettier-ignore
  if (connection.transport === 'unix' || connection.remoteAddress === null) return 'no-address'
  const address = canonicalAddress(connection.remoteAddress)
  const forwards = fields.some(([name]) => FORWARDING.test(name))
  if (address === null || !isLoopbackAddress(address)) return forwards ? 'believes-forwarding' : 'believes-host' // prettier-ignore
  if (raw !== undefined) return 'reads-malformed'
  if (forwards) return 'ignores-forwarding'
  if (!target.startsWith('{path}')) return 'ignores-target'
  const hosts = fields.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value)
  if (hosts.length !== 1) return 'reads-malformed'
  const host = parseHost((hosts[0] ?? '').replaceAll('{port}', '80'))
  if (host === null || !host.isLoopback) return 'ignores-host'
  return connection.peer.status === 'same-user' ? 'ignores-forwarding' : 'headers-alone'
}
