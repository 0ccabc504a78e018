import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { importGraph } from '../../package/import-graph.ts'

const dist = path.resolve(import.meta.dirname, '../../../dist')
const graphOf = (entry: string, extension: '.js' | '.d.ts'): Map<string, string[]> =>
  importGraph(dist, entry, extension)

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
