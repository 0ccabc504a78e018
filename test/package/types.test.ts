import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importGraph } from './import-graph.ts'
import { packPackage, ROOT, type PackedPackage } from './packed.ts'

const run = promisify(execFile)
let packed: PackedPackage
beforeAll(() => {
  packed = packPackage()
})
afterAll(() => {
  packed.remove()
})

type AttwReport = {
  analysis: { entrypoints: Record<string, { hasTypes: boolean }>; types: unknown }
  problems: Record<string, { kind: string; entrypoint?: string; resolutionKind?: string }[]>
}

describe('the types of the package', () => {
  test('publint has nothing to say about it', async () => {
    const cli = path.join(ROOT, 'node_modules/publint/src/cli.js')
    const { stdout } = await run(process.execPath, [cli, 'run', packed.tarball, '--strict'])
    expect(stdout).toContain('All good!')
  })

  test('arethetypeswrong finds no problem in any entry of an ESM package', async () => {
    const cli = path.join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await run(
      process.execPath,
      [cli, packed.tarball, '--profile', 'esm-only', '--format', 'json'],
      { maxBuffer: 64 * 1024 * 1024 },
    )
    const report = JSON.parse(stdout) as AttwReport
    expect(Object.keys(report.analysis.entrypoints).sort()).toEqual(
      Object.keys(packed.manifest.exports).sort(),
    )
    // `require` of an ES module is what the oldest supported Node does; 'node10' knows no exports at all.
    const problems = Object.values(report.problems)
      .flat()
      .filter(({ kind, resolutionKind }) => kind !== 'CJSResolvesToESM' && resolutionKind !== 'node10')
    expect(problems).toEqual([])
  })

  test('take no types from other packages than those of Node, in any entry', () => {
    for (const [entry, target] of Object.entries(packed.manifest.exports)) {
      if (typeof target === 'string') continue
      for (const [file, specifiers] of importGraph(packed.folder, target.types, '.d.ts')) {
        const foreign = specifiers.filter((name) => !/^(?:\.\.?\/|node:)/.test(name))
        expect([entry, path.relative(packed.folder, file), foreign]).toEqual([
          entry,
          path.relative(packed.folder, file),
          [],
        ])
      }
    }
  })
})
