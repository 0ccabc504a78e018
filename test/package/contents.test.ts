import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importGraph } from './import-graph.ts'
import { packPackage, ROOT, type PackedPackage } from './packed.ts'

let packed: PackedPackage
beforeAll(() => {
  packed = packPackage()
})
afterAll(() => {
  packed.remove()
})

const read = (file: string): string => readFileSync(path.join(packed.folder, file), 'utf8')
/** The files that `exports` and `bin` name. */
const named = (): string[] => [
  ...Object.values(packed.manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : [target.types, target.default],
  ),
  ...Object.values(packed.manifest.bin),
]

describe('what npm publishes', () => {
  test('is the build, the licence, the README and the changelog, and nothing else', () => {
    const atTop = packed.files.filter((file) => !file.startsWith('dist/')).sort()
    expect(atTop).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    const kinds = new Set(packed.files.map((file) => /(\.d)?\.[a-z]+$/.exec(file)?.[0] ?? file))
    expect([...kinds].sort()).toEqual(
      ['.css', '.d.ts', '.html', '.js', '.json', '.md', '.svg', 'LICENSE'].sort(),
    )
    expect(packed.files.filter((file) => /(?:^|[/.])(?:tests?|specs?|fixtures?|children)[/.]/.test(file))).toEqual([]) // prettier-ignore
  })

  test('points at no source map and no source that is not there', () => {
    for (const file of packed.files.filter((name) => /\.(?:js|ts|css)$/.test(name))) {
      expect([file, /[#@] sourceMappingURL=.*/.exec(read(file))?.[0]]).toEqual([file, undefined])
    }
  })

  test('has every file that exports and bin name, and a type for each entry', () => {
    for (const target of named()) expect([target, existsSync(path.join(packed.folder, target))]).toEqual([target, true]) // prettier-ignore
    for (const [entry, target] of Object.entries(packed.manifest.exports)) {
      if (entry === './package.json') continue
      // The order counts: a resolver takes the first condition that it knows.
      expect([entry, Object.keys(target)]).toEqual([entry, ['types', 'default']])
    }
  })

  test('names a folder of lib by the path of its entry', () => {
    for (const [entry, target] of Object.entries(packed.manifest.exports)) {
      if (typeof target === 'string') continue
      const source = target.default.replace('./dist/', 'lib/').replace(/\.js$/, '.ts')
      expect([entry, existsSync(path.join(ROOT, source))]).toEqual([entry, true])
      const folders = entry.split('/').slice(1)
      expect([entry, folders.every((folder) => source.includes(folder))]).toEqual([entry, true])
    }
  })

  test('imports what it brings or depends on, and nothing else', () => {
    const allowed = new Set([...Object.keys(packed.manifest.dependencies), 'koffi', 'pg'])
    for (const target of named().filter((name) => name.endsWith('.js'))) {
      for (const [file, specifiers] of importGraph(packed.folder, target, '.js')) {
        const foreign = specifiers.filter(
          (name) =>
            !name.startsWith('.') && !name.startsWith('node:') && !allowed.has(name.split('/')[0] ?? ''),
        )
        expect([path.relative(packed.folder, file), foreign]).toEqual([
          path.relative(packed.folder, file),
          [],
        ])
      }
    }
  })

  test('lists every module that is imported for its effect alone in sideEffects', () => {
    const listed = packed.manifest.sideEffects as string[]
    const matches = (file: string): boolean =>
      listed.some((entry) => path.matchesGlob(file, entry.replace('./', '')))
    for (const file of packed.files.filter((name) => name.endsWith('.js'))) {
      for (const [, target = ''] of read(file).matchAll(/^import '(\.[^']+)'/gm)) {
        const imported = path.posix.join(path.posix.dirname(file), target)
        expect([file, imported, matches(imported)]).toEqual([file, imported, true])
      }
    }
    expect(matches('dist/cli/main.js')).toBe(true)
    for (const entry of listed)
      expect([entry, packed.files.some((file) => path.matchesGlob(file, entry.replace('./', '')))]).toEqual([entry, true]) // prettier-ignore
  })

  test('has a command that can be run', () => {
    for (const file of Object.values(packed.manifest.bin)) {
      expect(read(file).split('\n')[0]).toBe('#!/usr/bin/env node')
      expect(statSync(path.join(packed.folder, file)).mode & 0o111).not.toBe(0)
    }
  })

  test('says what it needs, and claims no address that nobody has', () => {
    expect(packed.manifest).toMatchObject({
      name: 'latchkey',
      license: 'MIT',
      type: 'module',
      engines: { node: '>=22.14' },
    })
    for (const field of ['repository', 'bugs', 'homepage'])
      expect(JSON.stringify(packed.manifest[field] ?? '')).not.toMatch(/example|TODO|localhost/)
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
      expect(packed.manifest.scripts).not.toHaveProperty(script)
    expect(read('CHANGELOG.md')).toContain(`## ${String(packed.manifest.version)}`)
  })
})
