import type { HaproxyLine, HaproxySection } from './haproxy.ts'
import { isForwardingName, isLocalHostText, type SiteProblem } from './proxy-site.ts'

const RIGHT = 'Add mode http and option forwardfor.'

/** What is wrong with how requests come through `section`, and the frontends before it, to `server`. */
export function haproxyProblems(
  section: HaproxySection,
  frontends: readonly HaproxySection[],
  server: HaproxyLine,
): SiteProblem[] {
  const { file, line } = server
  const problems: SiteProblem[] = []
  if (modeOf(section) !== 'http') {
    const saw = 'mode tcp hides every client behind this machine'
    problems.push({ level: 'red', file, line, saw, advice: RIGHT })
    return problems
  }
  const leads = frontends.length > 0 ? frontends : [section]
  if (!saysClient(section) && !leads.every(saysClient)) {
    const saw = 'no option forwardfor, so every client looks like this machine'
    problems.push({ level: 'red', file, line, saw, advice: RIGHT })
  }
  const all = [...new Set([section, ...frontends])]
  for (const each of all) problems.push(...each.lines.flatMap((rule) => ruleProblems(rule, saysClient(each) || saysClient(section))))
  for (const each of all) problems.push(...forwardforProblems(each))
  if (server.words.some((word) => /^send-proxy/.test(word))) {
    const advice = 'Remove send-proxy: option forwardfor tells the gateway the client.'
    problems.push({ level: 'yellow', file, line, saw: 'the gateway does not read the PROXY protocol', advice })
  }
  return problems
} // prettier-ignore

function modeOf(section: HaproxySection): string {
  const mode = (lines: readonly HaproxyLine[]): string | undefined =>
    lines.findLast(({ words }) => words[0] === 'mode')?.words[1]
  return mode(section.lines) ?? mode(section.defaults?.lines ?? []) ?? 'tcp'
}

/** By its own line, by its defaults, or by a rule that writes the same. */
function saysClient(section: HaproxySection): boolean {
  const own = forwardforOf(section.lines)
  if (own !== null) return own.words[0] !== 'no'
  if (section.lines.some(writesClient)) return true
  const inherited = forwardforOf(section.defaults?.lines ?? [])
  return inherited !== null && inherited.words[0] !== 'no'
}

function forwardforOf(lines: readonly HaproxyLine[]): HaproxyLine | null {
  return lines.findLast(({ words }) => /^(?:no )?option forwardfor\b/.test(words.join(' '))) ?? null
}

function writesClient({ words }: HaproxyLine): boolean {
  const text = words.join(' ')
  return /^http-request (?:set|add)-header x-forwarded-for (?:%\[src\]|%ci)/i.test(text)
}

function forwardforProblems(section: HaproxySection): SiteProblem[] {
  const found = forwardforOf(section.lines) ?? forwardforOf(section.defaults?.lines ?? [])
  if (found === null || found.words[0] === 'no') return []
  const { words, file, line } = found
  const at = { file, line, advice: 'Write option forwardfor alone.' }
  const problems: SiteProblem[] = []
  if (words.includes('if-none')) problems.push({ level: 'red', saw: 'if-none believes what the client wrote', ...at })
  if (words.includes('except')) problems.push({ level: 'yellow', saw: 'except leaves clients out', ...at })
  if (words.includes('header') && words[words.indexOf('header') + 1]?.toLowerCase() !== 'x-forwarded-for')
    problems.push({ level: 'red', saw: 'the client is named in another header than X-Forwarded-For', ...at })
  return problems
} // prettier-ignore

/** `http-request` rules that rewrite Host or take forwarding headers away. */
function ruleProblems({ words, file, line }: HaproxyLine, saysWho: boolean): SiteProblem[] {
  const [directive = '', action = '', name = '', value = ''] = words
  if (directive !== 'http-request') return []
  const isSet = action === 'set-header' || action === 'replace-header'
  const written = action === 'replace-header' ? (words[4] ?? '') : value
  if (isSet && name.toLowerCase() === 'host' && isLocalHostText(written)) {
    const advice = 'Remove the rule: Host must stay what the client asked for.'
    return [{ level: 'red', file, line, saw: `Host is rewritten to "${written}"`, advice }]
  }
  if (isSet && name.toLowerCase() === 'x-forwarded-for' && !written.includes('%'))
    return [{ level: 'red', file, line, saw: `X-Forwarded-For is always "${written}"`, advice: RIGHT }]
  // Before option forwardfor it only drops what the client wrote.
  if (action === 'del-header' && isForwardingName(name) && !saysWho)
    return [{ level: 'red', file, line, saw: `${name} is stripped`, advice: `Never strip it. ${RIGHT}` }]
  return []
}
