import type { ConfigFile, Includes } from './proxy-site.ts'

/** One line of a Caddyfile; with a block when it ends in a brace. */
export type CaddyLine = {
  readonly words: readonly string[]
  readonly file: string
  readonly line: number
  readonly block: readonly CaddyLine[] | null
}

const TOKEN = /"((?:[^"\\]|\\.)*)"|`([^`]*)`|\S+/gs
const MAX_DEPTH = 10

/** Parses with imported snippets and files in their places and `{$NAME:default}` filled in. Tolerant. */
export function parseCaddyfile(
  source: ConfigFile,
  includes: Includes,
  env: Readonly<Record<string, string | undefined>> = {},
): readonly CaddyLine[] {
  const tree = linesOf(source, env)
  const snippets = new Map<string, readonly CaddyLine[]>()
  for (const { words, block } of tree) {
    const name = /^\((.+)\)$/.exec(words[0] ?? '')?.[1]
    if (name !== undefined) snippets.set(name, block ?? [])
  }
  function expand(lines: readonly CaddyLine[], depth: number): CaddyLine[] {
    return lines.flatMap((line) => {
      if (line.words[0] !== 'import' || depth >= MAX_DEPTH)
        return [{ ...line, block: line.block === null ? null : expand(line.block, depth) }]
      const name = line.words[1] ?? ''
      const snippet = snippets.get(name)
      if (snippet !== undefined) return expand(filled(snippet, line.words.slice(2)), depth + 1)
      return includes(name).flatMap((file) => expand(linesOf(file, env), depth + 1))
    })
  }
  return expand(tree, 0).filter((line) => !/^\(.+\)$/.test(line.words[0] ?? ''))
}

/** `{args[0]}` in a snippet. */
function filled(lines: readonly CaddyLine[], args: readonly string[]): CaddyLine[] {
  return lines.map((line) => ({
    ...line,
    words: line.words.map((word) => word.replaceAll(/\{args\[(\d+)\]\}/g, (_all, at: string) => args[Number(at)] ?? '')),
    block: line.block === null ? null : filled(line.block, args),
  }))
} // prettier-ignore

function linesOf({ file, text }: ConfigFile, env: Readonly<Record<string, string | undefined>>): CaddyLine[] {
  const rows = text.split('\n')
  let at = 0
  function block(): CaddyLine[] {
    const found: CaddyLine[] = []
    while (at < rows.length) {
      const line = at + 1
      const words = wordsOf((rows[at++] ?? '').replaceAll(/\{\$(\w+)(?::([^}]*))?\}/g, (_all, name: string, or?: string) => env[name] ?? or ?? ''))
      while (words.at(-1) === '\\' && at < rows.length) words.splice(-1, 1, ...wordsOf(rows[at++] ?? ''))
      if (words.length === 0) continue
      if (words[0] === '}') return found
      const opens = words.at(-1) === '{'
      if (opens) words.pop()
      found.push({ words, file, line, block: opens ? block() : null })
    }
    return found
  }
  const top: CaddyLine[] = []
  while (at < rows.length) top.push(...block())
  return top
} // prettier-ignore

function wordsOf(row: string): string[] {
  const words: string[] = []
  for (const [whole, double, raw] of row.matchAll(TOKEN)) {
    if (whole.startsWith('#')) break
    words.push(double?.replaceAll(/\\(["\\])/g, '$1') ?? raw ?? whole)
  }
  return words
}
