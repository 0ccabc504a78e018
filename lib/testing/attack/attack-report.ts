import type { AttackFinding, AttackResult, ControlResult } from './attack-result.ts'
import { USE_LATCHKEY, WEAKNESSES, type Weakness } from './weakness.ts'

const SHOWN = 3

/** The result for people: the controls, then each mistake with what let it be seen and what to change. */
export function attackReport(result: Omit<AttackResult, 'report' | 'expectSafe'>): string {
  const { ran, skipped, unanswered, controls, findings } = result
  const counts = [
    `${ran} attacks, ${findings.length} let in`,
    ...(skipped === 0 ? [] : [`${skipped} skipped, because a URL is reached from this machine alone`]),
    ...(unanswered === 0 ? [] : [`${unanswered} without an answer`]),
  ]
  const weaknesses = (Object.keys(WEAKNESSES) as Weakness[]).flatMap((weakness) => {
    const ofIt = findings.filter((finding) => finding.weakness === weakness)
    return ofIt.length === 0 ? [] : ['', ...describeWeakness(weakness, ofIt)]
  })
  const remedy = weaknesses.length === 0 ? [] : ['', USE_LATCHKEY]
  return [...controls.flatMap(describeControl), counts.join('; '), ...weaknesses, ...remedy].join('\n')
}

function describeControl({ channel, localLetIn, local, remoteLetIn, remote }: ControlResult): string[] {
  const named = channel === 'http' ? 'HTTP' : 'WebSocket'
  if (!localLetIn) {
    return [
      `${named}: nothing is proved. A client that truly is local was not let in (${local.got}), so a refusal means nothing.`,
      '  Is the path right, does it need a login (the option headers), does isLocal read the answer rightly?',
    ]
  }
  const elsewhere =
    remoteLetIn === null ? remote.got : `a plain client from elsewhere was ${remoteLetIn ? 'LET IN' : 'refused'} (${remote.got})` // prettier-ignore
  return [`${named}: a local client was let in, as it must be (${local.got}); ${elsewhere}.`]
}

function describeWeakness(weakness: Weakness, findings: readonly AttackFinding[]): string[] {
  const { title, why, change } = WEAKNESSES[weakness]
  const shown = findings
    .slice(0, SHOWN)
    .flatMap(({ channel, name, sent, got }) => [
      `  - ${channel === 'http' ? 'HTTP' : 'WebSocket'}, ${printable(name)}`,
      `      sent: ${printable(sent.trimEnd().replaceAll('\r\n', ' | '))}`,
      `      got:  ${printable(got)}`,
    ])
  const more = findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more of the kind`] : []
  return [`The app ${title} (${findings.length}).`, `  Why: ${why}`, `  Change: ${change}`, ...shown, ...more]
}

/** What was sent must not reach a terminal as it is. */
function printable(text: string): string {
  const cut = text.length > 300 ? `${text.slice(0, 299)}…` : text
  return cut.replaceAll(/[^\x20-\x7e…]/g, (character) => JSON.stringify(character).slice(1, -1)).replaceAll(/[\x7f-\u2025\u2027-\uffff]/g, '?') // prettier-ignore
}
