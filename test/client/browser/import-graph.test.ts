import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'

const dist = path.resolve(import.meta.dirname, '../../../dist')
const SPECIFIER = /(?:\bfrom|^\s*import|\bimport\()\s*['"]([^'"]+)['"]/gm

/** Every file that this one brings in, with what each imports. */
function graphOf(entry: string, extension: '.js' | '.d.ts'): Map<string, string[]> {
  const graph = new Map<string, string[]>()
  const open = [path.join(dist, entry)]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (graph.has(file)) continue
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
    const specifiers = [...text.matchAll(SPECIFIER)].map((match) => match[1] ?? '')
    graph.set(file, specifiers)
    for (const specifier of specifiers.filter((name) => name.startsWith('.'))) {
      const target = path.resolve(path.dirname(file), specifier.replace(/\.[jt]s$/, extension))
      if (!existsSync(target)) throw new Error(`${file} imports ${specifier}, which is not there`)
      open.push(target)
    }
  }
  return graph
}

const foreign = (graph: Map<string, string[]>): string[] =>
  [...graph].flatMap(([file, names]) =>
    names.filter((name) => !/^\.\.?\//.test(name)).map((name) => `${path.relative(dist, file)}: ${name}`),
  )

describe('the built client for browsers', () => {
  test.each(['.js', '.d.ts'] as const)('imports nothing but files of its own (%s)', (extension) => {
    const graph = graphOf(`client/browser/index${extension}`, extension)
    expect(graph.size).toBeGreaterThan(15)
    expect(foreign(graph)).toEqual([])
  })

  test('a file of the client for Node would be found', () => {
    expect(foreign(graphOf('client/index.js', '.js'))).toEqual(
      expect.arrayContaining(['client/node/node-platform.js: ws']),
    )
  })

  test('names no global of Node', () => {
    for (const file of graphOf('client/browser/index.js', '.js').keys()) {
      if (file.endsWith('close-codes.js')) continue
      const code = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      expect([file, /(?<![.\w'])(?:Buffer|process|require|__dirname|setImmediate)\b(?!')/.exec(code)?.[0]]).toEqual([file, undefined]) // prettier-ignore
    }
  })
})
