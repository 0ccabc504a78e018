import { readFileSync, writeFileSync } from 'node:fs'
import { expect } from '@jest/globals'
import type { RunName } from './proxy-catalogue.ts'
import type { HostName } from './proxy-fleet.ts'
import { COLUMNS, type Column } from './proxy-variants.ts'

/** What came of one probe. */
export type Cell = {
  /** Has a table of its own. */
  readonly section: string
  readonly configuration: string
  readonly run: RunName
  readonly from: HostName
  /** Index of the trust list: nobody, loopback, loopback and the network. */
  readonly trust: number
  readonly column: Column
  readonly kind: 'GET' | 'WebSocket'
  readonly answer: string
}

const DOCS = new URL('../../docs/', import.meta.url)
/** Where the table of each section stands. */
const PAGES: Readonly<Record<string, string>> = {
  direct: 'proxies.md',
  HAProxy: 'proxies/haproxy.md',
  Caddy: 'proxies/caddy.md',
  Apache: 'proxies/apache.md',
  nginx: 'proxies/nginx.md',
  socat: 'proxies/tcp-forwarders.md',
  'ssh -L': 'proxies/tcp-forwarders.md',
  'ssh -R': 'proxies/tcp-forwarders.md',
}
const TRUST = ['none', 'loopback', 'network']
const RUNS: readonly RunName[] = ['package', 'own', 'renamed']
const BY_KERNEL = ['peer-other-user', 'peer-relay', 'peer-outbound']

/** Holds the tables in docs/ against what was measured; LATCHKEY_UPDATE_DOCS=1 rewrites them. */
export function checkTables(cells: readonly Cell[]): void {
  for (const section of unique(cells.map((cell) => cell.section))) {
    const file = new URL(PAGES[section] ?? '', DOCS)
    const written = readFileSync(file, 'utf8')
    const begin = `<!-- measured: ${section} -->\n\n<!-- prettier-ignore-start -->\n`
    const end = '<!-- prettier-ignore-end -->'
    const at = written.indexOf(begin)
    const until = written.indexOf(end, at)
    if (at === -1 || until === -1) throw new Error(`docs/${PAGES[section] ?? ''} has no place for ${section}`)
    const table = tableOf(cells.filter((cell) => cell.section === section))
    const measured = `${written.slice(0, at)}${begin}\n${table}\n\n${written.slice(until)}`
    if (process.env.LATCHKEY_UPDATE_DOCS === '1') writeFileSync(file, measured)
    else expect(written).toBe(measured)
  }
}

/** A recipe that is recommended must stand on one of the pages as it was measured. */
export function missingLines(lines: readonly string[]): string[] {
  const pages = unique(Object.values(PAGES)).map((page) => readFileSync(new URL(page, DOCS), 'utf8'))
  const written = new Set(pages.flatMap((page) => page.split('\n')).map((line) => line.trim()))
  return lines.filter((line) => !written.has(line))
}

function tableOf(cells: readonly Cell[]): string {
  const rows = unique(cells.map(({ configuration }) => configuration)).flatMap((configuration) =>
    unique(cells.map(({ from }) => from)).map((from) => {
      const own = cells.filter((cell) => cell.configuration === configuration && cell.from === from)
      const columns = COLUMNS.map((column) => cellText(own.filter((cell) => cell.column === column)))
      return [configuration, from, ...columns, kernelText(own)]
    }),
  )
  const head = ['configuration', 'client', ...COLUMNS, 'rule 9']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** `GET` and WebSocket alike, or each; each trust list with its own answer, or those that have the same. */
function cellText(cells: readonly Cell[]): string {
  const [get = '', socket = ''] = (['GET', 'WebSocket'] as const).map((kind) =>
    byTrust(cells.filter((cell) => cell.kind === kind)),
  )
  return get === socket ? get : `GET ${get}<br>WebSocket ${socket}`
}

function byTrust(cells: readonly Cell[]): string {
  const answers = TRUST.map((_, trust) =>
    unique(cells.filter((cell) => cell.trust === trust).map(({ answer }) => shown(answer))).join(', '),
  )
  const groups = unique(answers)
  if (groups.length === 1) return groups[0] ?? ''
  return groups
    .map((group) => `${TRUST.filter((_, trust) => answers[trust] === group).join(', ')}: ${group}`)
    .join('<br>')
}

function shown(answer: string): string {
  if (answer === 'silent') return '**local, paired silently**'
  if (answer === 'local') return '**local, waits**'
  if (BY_KERNEL.includes(answer)) return '_rule 9_'
  return answer.includes(' ') ? answer : `\`${answer}\``
}

/** What rule 9 says under each of the users. */
function kernelText(cells: readonly Cell[]): string {
  const texts = RUNS.flatMap((run) => {
    const own = cells.filter((cell) => cell.run === run && BY_KERNEL.includes(cell.answer))
    const answers = unique(own.map(({ answer }) => `\`${answer}\``))
    return answers.length === 0 ? [] : [`${run}: ${answers.join(', ')}`]
  })
  return texts.length === 0 ? '–' : texts.join('<br>')
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
