import { haproxyProblems } from './haproxy-problems.ts'
import { isOurs, type ConfigFile, type Ours, type ProxySite } from './proxy-site.ts'

export type HaproxyLine = { readonly words: readonly string[]; readonly file: string; readonly line: number }
export type HaproxySection = {
  readonly kind: string
  readonly name: string
  /** The `defaults` that hold here. */
  readonly defaults: HaproxySection | null
  readonly lines: readonly HaproxyLine[]
}

const SECTIONS =
  /^(?:global|defaults|frontend|backend|listen|userlist|peers|resolvers|cache|program|mailers|ring|http-errors|fcgi-app)$/

/** The servers of HAProxy that are the gateway, and what is wrong with how it reaches them. */
export function readHaproxy(files: readonly ConfigFile[], ours: Ours): ProxySite[] {
  const sections = sectionsOf(files)
  const sites: ProxySite[] = []
  for (const section of sections) {
    if (section.kind !== 'backend' && section.kind !== 'listen') continue
    for (const { words, file, line } of section.lines) {
      if (words[0] !== 'server' && words[0] !== 'server-template') continue
      const address = words[words[0] === 'server' ? 2 : 3] ?? ''
      if (!isTarget(address, ours)) continue
      const problems = haproxyProblems(section, frontendsOf(sections, section), { words, file, line })
      sites.push({ file, line, target: address, problems })
    }
  }
  return sites
}

function isTarget(address: string, ours: Ours): boolean {
  const bare = address.replace(/^ipv[46]@/, '')
  const socket = bare.startsWith('/') ? bare : /^(?:unix|abns)@(.+)$/.exec(bare)?.[1]
  return socket === undefined ? isOurs(ours, bare) : ours.sockets.includes(socket)
}

/** Those that lead to a backend. */
function frontendsOf(sections: readonly HaproxySection[], backend: HaproxySection): HaproxySection[] {
  return sections.filter(
    (section) =>
      (section.kind === 'frontend' || section.kind === 'listen') &&
      section !== backend &&
      [...section.lines, ...(section.defaults?.lines ?? [])].some(
        ({ words }) =>
          (words[0] === 'default_backend' || words[0] === 'use_backend') && words[1] === backend.name,
      ),
  )
}

function sectionsOf(files: readonly ConfigFile[]): HaproxySection[] {
  const sections: (HaproxySection & { lines: HaproxyLine[] })[] = []
  let defaults: HaproxySection | null = null
  for (const { file, text } of files) {
    for (const [index, source] of text.split('\n').entries()) {
      const words = wordsOf(source)
      const [kind = '', name = ''] = words
      if (kind === '') continue
      if (SECTIONS.test(kind)) {
        const from = words.indexOf('from')
        const named = from === -1 ? null : sections.find((other) => other.kind === 'defaults' && other.name === words[from + 1])
        const section: HaproxySection & { lines: HaproxyLine[] } = { kind, name, defaults: kind === 'defaults' ? null : (named ?? defaults), lines: [] }
        sections.push(section)
        if (kind === 'defaults') defaults = section
      } else {
        sections.at(-1)?.lines.push({ words, file, line: index + 1 })
      }
    }
  }
  return sections
} // prettier-ignore

/** Words of a line: quotes, escaped blanks, a comment to the end. */
function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [word] of line.matchAll(/#.*|(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s#"'\\])+/g)) {
    if (word.startsWith('#')) break
    words.push(
      word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_all, a?: string, b?: string, c?: string) => a ?? b ?? c ?? ''),
    )
  }
  return words
} // prettier-ignore
