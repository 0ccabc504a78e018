import { isFields } from './gateway-report.ts'
import { green, red, yellow, type Finding } from './finding.ts'
import type { Whoami } from './whoami.ts'

/** The doctor's own connection, from the answer of `locality.explain`. */
export function checkOwnCall(answer: unknown): Finding {
  const verdict = isFields(answer) ? answer.verdict : undefined
  if (verdict === null)
    return green('own call', 'let in: the owner has approved this key, so nobody had to find out where it is')
  if (!isFields(verdict)) {
    return yellow('own call', 'let in; how is unknown', 'Update the gateway: it does not say (locality.explain).')
  }
  const assurance = String(verdict.assurance)
  if (verdict.silent === true) return green('own call', `silent, assurance ${assurance}`)
  const advice = typeof verdict.advice === 'string' ? verdict.advice : 'latchkey explain says why.'
  if (verdict.isLocal === true) return yellow('own call', `local (${assurance}), but not silent`, advice)
  return red('own call', `not seen as local: ${String(verdict.reason)}`, advice)
} // prettier-ignore

/** A plain HTTP request of this process, without any proof: what curl would meet. */
export function checkPlainRequest(answer: Whoami | string): Finding {
  if (typeof answer === 'string')
    return yellow('plain request', `unknown: ${answer}`, "Mount the routes: app.use('/gateway', gateway.routes()).")
  if (answer.isLocal) return green('plain request', `local without a proof, assurance ${answer.assurance}`)
  const advice = answer.advice ?? 'latchkey explain says why.'
  return yellow('plain request', `tools without the proof are not local: ${answer.reason}`, advice)
} // prettier-ignore
