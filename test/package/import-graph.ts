import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const SPECIFIER = /(?:\bfrom|^\s*import|\bimport\()\s*['"]([\w@./:-]+)['"]/gm

/** Every file of a build that this entry brings in, with what each imports. */
export function importGraph(dist: string, entry: string, extension: '.js' | '.d.ts'): Map<string, string[]> {
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
