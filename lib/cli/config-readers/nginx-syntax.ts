import type { ConfigFile, Includes } from './proxy-site.ts'

/** One directive of nginx; a block has children. */
export type NginxDirective = {
  readonly name: string
  readonly args: readonly string[]
  readonly file: string
  readonly line: number
  readonly block: readonly NginxDirective[] | null
}

type Token = { readonly text: string; readonly line: number; readonly isQuoted: boolean }

const TOKEN =
  /#[^\n]*|\n|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|[{};]|(?:\$\{[^}]*\}|\\[\s\S]|[^\s{};\\])+/g
const MAX_DEPTH = 20

/** Parses with includes in their places. Tolerant: what does not close ends with the file. */
export function parseNginx(source: ConfigFile, includes: Includes, depth = 0): readonly NginxDirective[] {
  const tokens = tokensOf(source.text)
  let at = 0
  function block(): NginxDirective[] {
    const directives: NginxDirective[] = []
    let words: Token[] = []
    while (at < tokens.length) {
      const token = tokens[at++]
      if (token === undefined || (token.text === '}' && !token.isQuoted)) break
      const isEnd = !token.isQuoted && (token.text === ';' || token.text === '{')
      if (!isEnd) {
        words.push(token)
        continue
      }
      const children = token.text === '{' ? block() : null
      directives.push(...directive(words, children))
      words = []
    }
    return directives
  }
  function directive(words: readonly Token[], children: NginxDirective[] | null): readonly NginxDirective[] {
    const [first, ...rest] = words
    if (first === undefined) return children ?? []
    const args = rest.map((word) => word.text)
    if (first.text === 'include' && children === null && depth < MAX_DEPTH)
      return includes(args[0] ?? '').flatMap((found) => parseNginx(found, includes, depth + 1))
    return [{ name: first.text, args, file: source.file, line: first.line, block: children }]
  }
  const top: NginxDirective[] = []
  while (at < tokens.length) top.push(...block())
  return top
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  for (const match of text.matchAll(TOKEN)) {
    const [whole, double, single] = match
    const quoted = double ?? single
    if (whole === '\n') line += 1
    else if (quoted !== undefined)
      tokens.push({ text: quoted.replaceAll(/\\(["'\\])/g, '$1'), line, isQuoted: true })
    else if (!whole.startsWith('#')) tokens.push({ text: whole, line, isQuoted: false })
    if (quoted !== undefined) line += whole.split('\n').length - 1
  }
  return tokens
}

/** The files in the output of `nginx -T`. */
export function filesOfDump(dump: string): readonly ConfigFile[] {
  const parts = dump.split(/^# configuration file (.+):$/m)
  const files: ConfigFile[] = []
  for (let i = 1; i + 1 < parts.length; i += 2)
    files.push({ file: parts[i] ?? '', text: (parts[i + 1] ?? '').replace(/^\n/, '') })
  return files
}
