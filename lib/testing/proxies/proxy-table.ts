import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import { APACHE } from './apache.ts'
import { CADDY } from './caddy.ts'
import { HAPROXY } from './haproxy.ts'
import { NGINX } from './nginx.ts'
import { passThrough, type PassOn } from './proxied-request.ts'

const TABLE = {
  ...NGINX,
  ...HAPROXY,
  ...CADDY,
  ...APACHE,
  /** `stream` and `mode tcp`, socat, `ssh -L`: they read nothing and add nothing. */
  'nginx-stream': passThrough,
  'haproxy-tcp': passThrough,
  socat: passThrough,
  ssh: passThrough,
} as const

/** A proxy in a configuration that was measured. */
export type ProxyName = keyof typeof TABLE

/** All that `throughProxy` knows. */
export const PROXY_NAMES = Object.keys(TABLE) as readonly ProxyName[]

/** @throws {LatchkeyError} OPTION_UNKNOWN with the name that was meant */
export function proxyNamed(name: string): PassOn {
  if (typeof (name as unknown) !== 'string')
    throw new LatchkeyError('OPTION_INVALID', `throughProxy: expected one of ${PROXY_NAMES.join(', ')}`)
  if (Object.hasOwn(TABLE, name)) return TABLE[name as ProxyName]
  rejectUnknownKeys('throughProxy', { [name]: true }, PROXY_NAMES)
  throw new LatchkeyError('OPTION_UNKNOWN')
}

/** The program at the other end of the app's connection, as the kernel names it. */
export function processOf(name: ProxyName): string {
  if (name === 'ssh') return 'sshd'
  const [program = name] = name.split('-')
  return program === 'apache' ? 'apache2' : program
}
