import type { LocalityVerdict, ProxyRecipe } from '../../gateway/explain.ts'
import { printable } from '../printable.ts'
import type { Terminal } from '../terminal.ts'
import { wrapped } from '../wrapped.ts'

/** What each rule asks, in their order. */
const QUESTIONS = [
  'the peer address is known',
  'the header list is whole',
  'the listener is not public',
  'the peer is this machine',
  'Host names this machine',
  'no proxy, or a trusted one',
  'every hop is this machine',
  'no header is tampered with',
  'the process is one of ours',
  'nobody speaks for others',
] as const
const WIDTH = Math.max(...QUESTIONS.map((question) => question.length))

/** The ten rules with what each saw, the verdict in a sentence, and what to do. */
export function describeVerdict(
  verdict: LocalityVerdict,
  recipes: readonly ProxyRecipe[],
  terminal: Terminal,
): string {
  const blocks = [traceLines(verdict, terminal), wrapped(sentence(verdict))]
  if (verdict.advice !== undefined)
    blocks.push([terminal.paint('strong', 'What to do'), ...wrapped(printable(verdict.advice), 80, '  ')])
  for (const { title, lines } of recipes) {
    if (lines.length === 0) continue
    blocks.push([terminal.paint('strong', title), ...lines.map((line) => `  ${line}`.trimEnd())])
  }
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}

function traceLines({ trace }: LocalityVerdict, { marks, paint }: Terminal): string[] {
  return trace.map(({ rule, outcome, saw }, index) => {
    const number = String(index + 1).padStart(2)
    const question = (QUESTIONS[index] ?? printable(rule)).padEnd(WIDTH)
    if (outcome === 'skip') return paint('faint', `${marks.skipped} ${number} ${question}  ${printable(saw)}`)
    const mark = outcome === 'pass' ? paint('good', marks.good) : paint('bad', marks.bad)
    const code = outcome === 'fail' ? `${paint('bad', printable(rule))}: ` : ''
    return `${mark} ${number} ${question}  ${code}${printable(saw)}`
  })
}

function sentence(verdict: LocalityVerdict): string {
  const { isLocal, kind, assurance, clientAddress, reason, silent, trace } = verdict
  const address = clientAddress === null ? 'its address is not known' : `its address is ${printable(clientAddress)}`
  if (!isLocal) {
    const at = trace.findIndex((entry) => entry.outcome === 'fail') + 1
    const rule = at === 0 ? '' : `rule ${at} decided, `
    return `Not local: ${rule}${printable(reason)}; ${address}. The client waits for the approval of the owner.`
  }
  const how = kind === 'direct' ? 'nobody in between' : 'through trusted proxies'
  const pairs = silent ? 'It may pair silently.' : 'It does not pair silently.'
  return `Local, ${how}; assurance ${printable(assurance)}; ${address}. ${pairs}`
} // prettier-ignore
