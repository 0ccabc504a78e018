/** A text and where it is from. */
export type ConfigFile = { readonly file: string; readonly text: string }

/** Gives the files that an `include` names, relative to whatever the program takes it relative to. */
export type Includes = (pattern: string) => readonly ConfigFile[]

/** Red: a remote client can look like a local one. Yellow: something does not work as it should. */
export type SiteProblem = {
  readonly level: 'yellow' | 'red'
  readonly file: string
  readonly line: number
  readonly saw: string
  readonly advice: string
}

/** A place in a proxy's configuration that passes requests on to the gateway. */
export type ProxySite = {
  readonly file: string
  readonly line: number
  readonly target: string
  readonly problems: readonly SiteProblem[]
}

/** Where the gateway listens. */
export type Ours = {
  readonly port: number
  /** Addresses of this machine beside loopback. */
  readonly hosts: readonly string[]
  readonly sockets: readonly string[]
}

const LOOPBACK =
  /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|\[?::ffff:127(?:\.\d{1,3}){3}\]?)$/i
const ANY = new Set(['', '*', '0.0.0.0', '[::]', '::', 'host.docker.internal'])

export function isLoopbackName(host: string): boolean {
  return LOOPBACK.test(host)
}

/** Whether a `host:port` is the gateway. */
export function isOurs(ours: Ours, authority: string): boolean {
  const match = /^(.*):(\d{1,5})$/.exec(authority)
  if (match === null || Number(match[2]) !== ours.port) return false
  const host = match[1] ?? ''
  return isLoopbackName(host) || ANY.has(host) || ours.hosts.includes(host.replaceAll(/[[\]]/g, ''))
}

/** Whether a text that a proxy writes as Host is a name of this machine. */
export function isLocalHostText(text: string): boolean {
  return isLoopbackName(text.trim().replace(/:\d+$/, ''))
}

/** Of a header that says for whom a proxy speaks. */
export function isForwardingName(name: string): boolean {
  return /^(?:forwarded|via|x-forwarded-.*|x-real-ip)$/i.test(name)
}
