import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importGraph } from './import-graph.ts'
import { packPackage, type PackedPackage } from './packed.ts'

const KIB = 1024
let packed: PackedPackage
beforeAll(() => {
  packed = packPackage()
})
afterAll(() => {
  packed.remove()
})

/** How many files an entry brings, and what they weigh together: as they are, and compressed. */
function weigh(entry: string): { files: number; bytes: number; compressed: number } {
  const files = [...importGraph(packed.folder, entry, '.js').keys()]
  const code = files.map((file) => readFileSync(file))
  return {
    files: files.length,
    bytes: code.reduce((sum, text) => sum + text.length, 0),
    compressed: gzipSync(Buffer.concat(code)).length,
  }
}

// A limit is a quarter above what was measured when it was set: raise it when the growth is worth it.
describe('what the package weighs', () => {
  test('the tarball', () => {
    expect(packed.bytes).toBeLessThan(680 * KIB)
  })

  test.each([
    ['the client for pages', 'dist/client/browser/index.js', 90, 25],
    ['the client for Node', 'dist/client/index.js', 120, 35],
    ['the pure decision about locality', 'dist/locality/index.js', 68, 21],
  ])('%s', (_what, entry, bytes, compressed) => {
    const weight = weigh(entry)
    expect(weight.files).toBeGreaterThan(5)
    expect(weight.bytes).toBeLessThan(bytes * KIB)
    expect(weight.compressed).toBeLessThan(compressed * KIB)
  })

  test('the middleware alone loads neither the store nor the gateway', () => {
    const files = [...importGraph(packed.folder, 'dist/express/index.js', '.js').keys()]
    expect(files.filter((file) => /\/dist\/(?:store|gateway|pairing|admin|cli)\//.test(file))).toEqual([])
  })
})
