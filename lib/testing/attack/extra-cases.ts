import type { HeaderField } from '../request-head.ts'
import type { AttackCase } from './attack-case.ts'
import * as spellings from './spellings.ts'

const LOCAL_HOST: HeaderField = ['Host', 'localhost:{port}']

type Given = Partial<Pick<AttackCase, 'before' | 'by' | 'version' | 'target' | 'raw'>> & {
  readonly from?: string | null
}

/** Without `from` the request comes from one of our own programs on loopback, so that headers alone must settle it. */
function attackOf(id: string, name: string, fields: readonly HeaderField[], given: Given = {}): AttackCase {
  const { from = '127.0.0.1', ...rest } = given
  return {
    id,
    name,
    by: 'remote',
    connection: { transport: 'tcp', remoteAddress: from, peer: { status: 'same-user' } },
    version: '1.1',
    target: '{path}',
    fields,
    ...rest,
  }
}

/** Attacks beyond the corpus: spellings and forms, each of which some server or library takes for local. */
export function extraCases(): AttackCase[] {
  return [
    ...hosts(),
    ...targets(),
    ...peers(),
    ...forwarding(),
    ...tampering(),
    ...wire(),
    ...pages(),
    ...kept(),
  ]
}

function hosts(): AttackCase[] {
  const named = spellings.HOSTS.map((host, n) => attackOf(`host/${n}`, `Host: ${shown(host)}`, [['Host', host]])) // prettier-ignore
  const pairs: readonly (readonly HeaderField[])[] = [
    [LOCAL_HOST, LOCAL_HOST],
    [LOCAL_HOST, ['Host', 'evil.example']],
    [['Host', 'evil.example'], LOCAL_HOST],
    [LOCAL_HOST, ['hOST', '']],
    [LOCAL_HOST, [':authority', 'evil.example']],
    [LOCAL_HOST, ['Host.', 'evil.example']],
    [LOCAL_HOST, ['H_ost', 'evil.example'], ['X-Forwarded-Host', 'evil.example']],
  ]
  return [...named, ...pairs.map((fields, n) => attackOf(`hosts/${n}`, `more than one Host (${n + 1})`, fields))] // prettier-ignore
}

function targets(): AttackCase[] {
  return spellings.TARGETS.map((target, n) =>
    attackOf(`target/${n}`, `absolute target ${target}`, [LOCAL_HOST], { target: `${target}{path}` }),
  )
}

function peers(): AttackCase[] {
  const claims: readonly (readonly [string, readonly HeaderField[]])[] = [
    ['Host: localhost', [LOCAL_HOST]],
    ['X-Forwarded-For: 127.0.0.1', [LOCAL_HOST, ['X-Forwarded-For', '127.0.0.1']]],
    ['X-Real-IP: 127.0.0.1', [LOCAL_HOST, ['X-Real-IP', '127.0.0.1']]],
    ['Forwarded: for=127.0.0.1', [LOCAL_HOST, ['Forwarded', 'for=127.0.0.1']]],
    ['Client-IP and others say 127.0.0.1', [LOCAL_HOST, ...spellings.CLAIMS.map((name): HeaderField => [name, '127.0.0.1'])]], // prettier-ignore
  ]
  return spellings.PEERS.flatMap((from) =>
    claims.map(([claim, fields], n) =>
      attackOf(`peer/${from ?? 'none'}/${n}`, `peer ${from ?? 'without an address'}, ${claim}`, fields, {
        from,
      }),
    ),
  )
}

function forwarding(): AttackCase[] {
  const named = spellings.FORWARDING_NAMES.flatMap((name) =>
    ['203.0.113.7', ''].map(
      (value) =>
      attackOf(`forwarded/${name}/${value}`, `through a proxy that says ${name}: ${value}`, [LOCAL_HOST, [name, value]]), // prettier-ignore
    ),
  )
  const chains = spellings.CHAINS.map((chain, n) =>
    attackOf(`chain/${n}`, `X-Forwarded-For: ${shown(chain)}`, [LOCAL_HOST, ['X-Forwarded-For', chain]]),
  )
  const pairs: readonly (readonly HeaderField[])[] = [
    [['X-Forwarded-For', '127.0.0.1'], ['X-Forwarded-For', '203.0.113.7']],
    [['X-Forwarded-For', '127.0.0.1'], ['Forwarded', 'for=203.0.113.7']],
    [['X-Forwarded-For', '127.0.0.1'], ['X-Real-IP', '203.0.113.7']],
    [['X-Forwarded-For', '127.0.0.1'], ['X-Forwarded-Host', 'gateway.example']],
    [['X-Forwarded-For', '127.0.0.1'], ['Via', '1.1 edge']],
    [['X-Forwarded-For', '127.0.0.1'], ['X-Forwarded-For', '']],
    [['Forwarded', 'for=127.0.0.1;for=203.0.113.7']],
    [['Forwarded', 'for=_hidden, for=127.0.0.1'], ['X-Forwarded-For', '127.0.0.1']],
  ] // prettier-ignore
  const conflicts = pairs.map(
    (fields, n) =>
    attackOf(`conflict/${n}`, `proxies that disagree: ${fields.map((field) => field.join(': ')).join(' | ')}`, [LOCAL_HOST, ...fields]), // prettier-ignore
  )
  return [...named, ...chains, ...conflicts]
}

function tampering(): AttackCase[] {
  const nominated = spellings.NOMINATIONS.map((value, n) =>
    attackOf(`nominate/${n}`, `Connection: ${value}`, [LOCAL_HOST, ['Connection', value]]),
  )
  const alike = spellings.LOOK_ALIKES.map(
    (name) =>
    attackOf(`alike/${name}`, `a name like that of a forwarding header: ${name}`, [LOCAL_HOST, [name, '203.0.113.7']]), // prettier-ignore
  )
  return [...nominated, ...alike]
}

/** What no client of node:http would send. */
function wire(): AttackCase[] {
  const flood = (count: number): HeaderField[] => Array.from({ length: count }, (_, n) => [`p${n}`, ''])
  const floods = [1000, 1200, 1990].map((count) =>
    attackOf(`flood/${count}`, `X-Forwarded-For behind ${count} other fields`, [
      LOCAL_HOST,
      ...flood(count),
      ['X-Forwarded-For', '203.0.113.7'],
    ]),
  )
  const raws = spellings.RAW_REQUESTS.map(([name, raw], n) => attackOf(`raw/${n}`, name, [], { raw }))
  return [
    ...floods,
    ...raws,
    attackOf('http10/no-host', 'HTTP/1.0 without a Host', [['Connection', 'close']], { version: '1.0' }),
    attackOf('http10/foreign', 'HTTP/1.0 with a Host from elsewhere', [['Host', 'evil.example']], { version: '1.0' }), // prettier-ignore
  ]
}

function pages(): AttackCase[] {
  const page = (id: string, name: string, fields: readonly HeaderField[]): AttackCase =>
    attackOf(id, name, [LOCAL_HOST, ...fields], { by: 'page' })
  return [
    ...spellings.ORIGINS.map((origin, n) => page(`origin/${n}`, `a page of the origin ${origin}`, [['Origin', origin]])), // prettier-ignore
    ...spellings.FETCH_SITES.map((site, n) => page(`site/${n}`, `Sec-Fetch-Site: ${site}`, [['Sec-Fetch-Site', site]])), // prettier-ignore
    page('origins', 'two Origins', [
      ['Origin', 'http://localhost:{port}'],
      ['Origin', 'https://evil.example'],
    ]),
    page('sites', 'two Sec-Fetch-Sites', [
      ['Sec-Fetch-Site', 'same-origin'],
      ['Sec-Fetch-Site', 'cross-site'],
    ]),
    page('origin-and-site', 'our Origin from another site', [
      ['Origin', 'http://localhost:{port}'],
      ['Sec-Fetch-Site', 'cross-site'],
    ]),
  ]
}

/** What follows a local request over the same connection. */
function kept(): AttackCase[] {
  const second: readonly (readonly [string, readonly HeaderField[]])[] = [
    ['a forwarding header', [LOCAL_HOST, ['X-Forwarded-For', '203.0.113.7']]],
    ['another proxy', [LOCAL_HOST, ['Via', '1.1 edge']]],
    ['another Host', [['Host', 'evil.example']]],
    ['two Hosts', [LOCAL_HOST, ['Host', 'evil.example']]],
    ['a look-alike', [LOCAL_HOST, ['X_Forwarded_For', '203.0.113.7']]],
  ]
  return second.map(([what, fields], n) =>
    attackOf(`kept/${n}`, `after a local request over the same connection: ${what}`, fields, {
      before: [LOCAL_HOST],
    }),
  )
}

function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`) // prettier-ignore
}
