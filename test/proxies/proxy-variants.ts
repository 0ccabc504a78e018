import type { ProbeHeaders } from './probes.ts'

/** The columns of the table. */
export const COLUMNS = ['plain', 'Host: localhost', 'forged', 'hop', 'flood'] as const
export type Column = (typeof COLUMNS)[number]

export type ProxyVariant = {
  readonly title: string
  readonly column: Column
  readonly headers: ProbeHeaders
}

/** More than Node keeps, and just as many: newer versions refuse the one, and older ones cut both. */
const FLOOD = 1200
const BRIM = 998
const LOCAL = { Host: 'localhost' }
const LOOPBACK = '127.0.0.1'

/**
 * The ways in which a client asks: plainly, and as attackers do. All but two call the gateway `localhost`.
 */
export const PROXY_VARIANTS: readonly ProxyVariant[] = [
  { title: 'plain', column: 'plain', headers: {} },
  { title: 'Host: localhost', column: 'Host: localhost', headers: LOCAL },
  { title: 'X-Forwarded-For', column: 'forged', headers: { 'X-Forwarded-For': LOOPBACK } },
  {
    title: 'X-Forwarded-For for localhost',
    column: 'forged',
    headers: { ...LOCAL, 'X-Forwarded-For': LOOPBACK },
  },
  { title: 'X-Real-IP for localhost', column: 'forged', headers: { ...LOCAL, 'X-Real-IP': LOOPBACK } },
  { title: 'Forwarded for localhost', column: 'forged', headers: { ...LOCAL, Forwarded: `for=${LOOPBACK}` } },
  { title: 'Connection nominates', column: 'hop', headers: { ...LOCAL, Connection: 'X-Forwarded-For' } },
  // Goes before what the proxy adds, to push it out of what the server keeps.
  { title: 'flood', column: 'flood', headers: { ...LOCAL, a: new Array<string>(FLOOD).fill('1') } },
  { title: 'to the brim', column: 'flood', headers: { ...LOCAL, a: new Array<string>(BRIM).fill('1') } },
]
