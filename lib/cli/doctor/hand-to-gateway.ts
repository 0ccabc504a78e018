import { plainLine } from '../../client/plain-line.ts'
import { shownUrl } from './check-public-url.ts'
import type { Finding, Level } from './finding.ts'
import type { OwnerLink } from './owner-link.ts'

const MAX_FINDINGS = 100
const ORDER: readonly Level[] = ['red', 'yellow', 'green']
const URL_IN_TEXT = /[a-z][a-z+.-]*:\/\/[^\s"'<>]+/gi

/** What the gateway's `doctor.findings.set` takes. */
export type HandedFindings = { readonly findings: readonly Finding[]; readonly leftOut: number }

/** Has the gateway keep the findings, so that the owner's console shows them; says so when it does not. */
export async function handToGateway(findings: readonly Finding[], link: OwnerLink | null): Promise<void> {
  if (link === null) return
  const answer = await link.ask('doctor.findings.set', handedFindings(findings))
  if (answer === undefined)
    console.error('The gateway did not keep these findings: its console does not show them. Update the gateway.')
} // prettier-ignore

/** Clean lines of bounded length without what may be a secret; of too many, the worst stay. */
export function handedFindings(findings: readonly Finding[]): HandedFindings {
  const isTooMany = findings.length > MAX_FINDINGS
  const worstFirst = ORDER.flatMap((level) => findings.filter((finding) => finding.level === level))
  const kept = (isTooMany ? worstFirst : findings).slice(0, MAX_FINDINGS)
  return {
    findings: kept.map(({ check, level, saw, advice }) => ({
      check: cleanLine(check, 128),
      level,
      saw: cleanLine(saw, 512),
      ...(advice === undefined || advice === '' ? {} : { advice: cleanLine(advice, 512) }),
    })),
    leftOut: findings.length - kept.length,
  }
}

function cleanLine(text: string, maxLength: number): string {
  const shown = plainLine(text.replaceAll(URL_IN_TEXT, shownUrl), maxLength)
  return shown === '' ? '(nothing)' : shown
}
