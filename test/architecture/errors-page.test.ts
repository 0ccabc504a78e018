import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { CLOSE } from '../../lib/protocol/close-codes.ts'

const root = path.resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const page = read('docs/errors.md')

/** What stands in the first column of the table below a heading. */
function documented(heading: string): string[] {
  const start = page.indexOf(`\n## ${heading}\n`)
  const end = page.indexOf('\n## ', start + 1)
  const section = page.slice(start, end === -1 ? undefined : end)
  return [...section.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, code = '']) => code).sort()
}

/** The literals of `export type <name> =` in a file. */
function literalsOf(file: string, name: string): string[] {
  const source = read(file)
  const start = source.indexOf(`export type ${name} =`)
  const type = source.slice(start, source.indexOf('\n\n', start))
  return [...type.matchAll(/'([\w-]+)'/g)].map(([, code = '']) => code).sort()
}

/** All that the sources of some layers say in this form. */
function found(layers: readonly string[], pattern: RegExp): string[] {
  return layers.flatMap((layer) =>
    readdirSync(path.join(root, 'lib', layer), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...read(`lib/${layer}/${file}`).matchAll(pattern)].map(([, code = '']) => code)),
  )
}

const errorCodes = [...read('lib/errors.ts').matchAll(/^ {2}([A-Z_]+): '/gm)].map(([, code = '']) => code)
const sorted = (codes: Iterable<string>): string[] => [...new Set(codes)].sort()

test('docs/errors.md has every error code, and no other', () => {
  expect(errorCodes.length).toBeGreaterThan(20)
  expect(documented('Error codes')).toEqual(sorted(errorCodes))
})

test('... every reason of locality', () => {
  const reasons = literalsOf('lib/locality/verdict.ts', 'LocalityReason')
  expect(reasons).toHaveLength(23)
  expect(documented('Why a client is not local')).toEqual(reasons)
})

test('... every reason why a device waits', () => {
  const reasons = literalsOf('lib/pairing/pairing-request.ts', 'PairingReason')
  expect(documented('Why a device waits')).toEqual(reasons)
})

test('... every code in details', () => {
  const layers = ['gateway', 'pairing', 'protocol', 'client']
  const written = found(layers, /\bcode: '([A-Z][A-Z_]+)'/g)
  const proofs = found(['protocol'], /'(DEVICE_AUTH_[A-Z_]+)'/g)
  // What the client has advice about, whichever gateway says it; some are put together where they arise.
  const advised = [...read('lib/client/advice.ts').matchAll(/^ {2}([A-Z_]+): \(/gm)].map(([, code = '']) => code) // prettier-ignore
  expect(written.length).toBeGreaterThan(20)
  const inDetails = [...written, ...proofs, ...advised].filter((code) => !errorCodes.includes(code))
  // These are error codes too, and stand in details as well.
  expect(documented('What a refused connection or call says')).toEqual(sorted([...inDetails, 'NOT_FOUND', 'AUTH_RATE_LIMITED'])) // prettier-ignore
})

test('... every close code', () => {
  expect(documented('Close codes')).toEqual(sorted(Object.values(CLOSE).map(String)))
})
