import type { ConfigFile, Includes } from './proxy-site.ts'

/** One directive of Apache; a section has children. */
export type ApacheDirective = {
  /** Lower case. */
  readonly name: string
  readonly args: readonly string[]
  readonly file: string
  readonly line: number
  readonly block: readonly ApacheDirective[] | null
}

type Line = { readonly text: string; readonly line: number }

const MAX_DEPTH = 20

/** Parses with includes in their places and `Define`d names filled in. Tolerant: what does not close ends with the file. */
export function parseApache(
  source: ConfigFile,
  includes: Includes,
  defined: Map<string, string> = new Map(),
  depth = 0,
): readonly ApacheDirective[] {
  const lines = joinedLines(source.text)
  let at = 0
  function section(end: string | null): ApacheDirective[] {
    const found: ApacheDirective[] = []
    while (at < lines.length) {
      const { text, line } = lines[at++] ?? { text: '', line: 0 }
      const close = /^<\/(\w+)/.exec(text)?.[1]?.toLowerCase()
      if (close !== undefined) {
        if (close === end) return found
        continue
      }
      const open = /^<(\w+)\s*([^>]*)>?/.exec(text)
      const name = (open?.[1] ?? text.split(/\s/, 1)[0] ?? '').toLowerCase()
      const args = wordsOf(open === null ? text.slice(name.length) : (open[2] ?? '')).map(fill)
      const place = { file: source.file, line }
      if (open !== null) found.push({ name, args, ...place, block: section(name) })
      else if (name === 'include' || name === 'includeoptional') found.push(...included(args[0] ?? ''))
      else {
        if (name === 'define') defined.set(args[0] ?? '', args[1] ?? '')
        found.push({ name, args, ...place, block: null })
      }
    }
    return found
  }
  function included(pattern: string): ApacheDirective[] {
    if (depth >= MAX_DEPTH) return []
    return includes(pattern).flatMap((file) => parseApache(file, includes, defined, depth + 1))
  }
  function fill(text: string): string {
    return text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => defined.get(name) ?? whole)
  }
  return section(null)
}

/** Without comments and blank lines; a backslash at the end joins the next line. */
function joinedLines(text: string): Line[] {
  const lines: Line[] = []
  let before = ''
  let start = 0
  for (const [index, raw] of text.split('\n').entries()) {
    if (before === '') start = index + 1
    const whole = before + raw.trimEnd()
    if (whole.endsWith('\\')) {
      before = whole.slice(0, -1)
      continue
    }
    before = ''
    const trimmed = whole.trim()
    if (trimmed !== '' && !trimmed.startsWith('#')) lines.push({ text: trimmed, line: start })
  }
  return lines
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\S+/g)].map(
    ([whole, double, single]) => double?.replaceAll(/\\(.)/g, '$1') ?? single ?? whole,
  )
}
