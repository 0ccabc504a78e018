import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'

/** What each folder of lib may import from lib; `type` allows types alone. The page is ARCHITECTURE.md. */
const TABLE: Readonly<Record<string, Readonly<Record<string, 'any' | 'type'>>>> = {
  errors: {},
  'require-node': { errors: 'any' },
  locality: { errors: 'any', 'require-node': 'any' },
  evidence: { errors: 'any', locality: 'any', 'require-node': 'any' },
  protocol: { errors: 'any' },
  pairing: { errors: 'any', protocol: 'type', locality: 'type' },
  store: { errors: 'any', pairing: 'type', 'require-node': 'any' },
  express: { errors: 'any', locality: 'any', evidence: 'any', 'require-node': 'any' },
  gateway: { errors: 'any', locality: 'any', evidence: 'any', pairing: 'any', protocol: 'any' },
  client: { errors: 'any', protocol: 'any', evidence: 'any', 'require-node': 'any' },
  admin: { errors: 'any', pairing: 'any', protocol: 'any', gateway: 'any', client: 'any' },
  testing: {
    errors: 'any',
    'require-node': 'any',
    locality: 'any',
    evidence: 'any',
    protocol: 'any',
    pairing: 'any',
    store: 'any',
    express: 'any',
    gateway: 'any',
    admin: 'any',
    client: 'any',
  },
  cli: { errors: 'any', client: 'any', gateway: 'any', store: 'any', admin: 'any', 'require-node': 'any' },
}
/** What of the rest may go to a browser. */
/** The packages among them are served beside the page. */
const FOR_PAGES = ['client/browser/index.ts', 'client/plain-line.ts', 'uqr', '@noble/ed25519', '@noble/hashes/sha2.js'] // prettier-ignore
const IMPORT = /(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|import\(\s*'([^']+)'\s*\)/g

const lib = path.resolve(import.meta.dirname, '../../lib')
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && statSync(path.join(lib, file)).isFile())
  .map((file) => file.replaceAll(path.sep, '/'))

function layerOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '')
}

function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(path.join(lib, file), 'utf8')
  return [...text.matchAll(IMPORT)].map((match) => ({
    target: match[2] ?? match[3] ?? '',
    typeOnly: match[1] !== undefined,
  }))
}

/** Imports across folders that the table does not have. */
function violations(file: string, imports: { target: string; typeOnly: boolean }[]): string[] {
  const layer = layerOf(file)
  if (layer === 'index') return []
  const allowed = TABLE[layer]
  if (allowed === undefined) return [`${file}: ${layer} is not in the table`]
  return imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ target, typeOnly }) => ({
      to: layerOf(path.posix.join(path.posix.dirname(file), target)),
      typeOnly,
    }))
    .filter(
      ({ to, typeOnly }) => to !== layer && allowed[to] !== 'any' && !(allowed[to] === 'type' && typeOnly),
    )
    .map(({ to }) => `${file} imports ${to}`)
}

describe('the import table', () => {
  test('every import in lib is in it', () => {
    expect(files.length).toBeGreaterThan(80)
    expect(files.flatMap((file) => violations(file, importsOf(file)))).toEqual([])
  })

  test('a forbidden import is found', () => {
    expect(violations('locality/x.ts', [{ target: '../evidence/index.ts', typeOnly: false }])).toHaveLength(1)
    expect(violations('store/x.ts', [{ target: '../pairing/index.ts', typeOnly: false }])).toHaveLength(1)
    expect(violations('store/x.ts', [{ target: '../pairing/index.ts', typeOnly: true }])).toEqual([])
    expect(
      violations('store/migrations/x.ts', [{ target: '../../gateway/index.ts', typeOnly: true }]),
    ).toHaveLength(1)
    expect(violations('made-up/x.ts', [])).toHaveLength(1)
  })

  test('locality is pure: of Node it takes the parser of IP literals alone, and it reads no clock', () => {
    for (const file of files.filter((name) => layerOf(name) === 'locality')) {
      const outside = importsOf(file).map(({ target }) => target).filter((target) => !target.startsWith('.')) // prettier-ignore
      expect([file, outside.filter((target) => !['node:net', 'proxy-addr'].includes(target))]).toEqual([
        file,
        [],
      ])
      const code = readFileSync(path.join(lib, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      expect(code).not.toMatch(
        /Date\.now|performance\.now|Math\.random|(?<![.\w])process\.(?:env|pid|platform|versions?|argv|cwd|hrtime|uptime|get[eu])/,
      )
    }
  })

  test('the console is a page: it imports itself and the client for browsers, and nothing on the server imports it', () => {
    const inPage = (file: string): boolean => file.startsWith('admin/console/')
    for (const file of files) {
      const targets = importsOf(file).map(({ target }) =>
        target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target,
      )
      const wrong = inPage(file)
        ? targets.filter((target) => !inPage(target) && !FOR_PAGES.includes(target))
        : targets.filter(inPage)
      expect([file, wrong]).toEqual([file, []])
    }
  })

  test('imports of lib carry the extension .ts, so that the sources run as they are', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => target.startsWith('.') && !target.endsWith('.ts'))
        .map(({ target }) => `${file}: ${target}`),
    )
    expect(wrong).toEqual([])
  })
})
