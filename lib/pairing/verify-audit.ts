import { isSignedBy, parseAuditHead, type AuditHead } from './audit-head.ts'
import type { AuditEvidence, AuditProblem, AuditReport } from './audit-report.ts'
import { chainChecker, type ChainChecker } from './check-audit-chain.ts'

/**
 * Holds an audit log against its own chain, against the head that was signed for its end, and against a head
 * that was kept elsewhere. Reads every entry once, in the order of their seq, and trusts none of them: what
 * cannot be read is a problem, never an exception.
 *
 * Does *not* protect against somebody who has the signing key and the remembered head: they can write the
 * whole log anew.
 *
 * @param pages rows as the store has them, of any sizes
 */
export function verifyAudit(pages: Iterable<readonly unknown[]>, evidence: AuditEvidence): AuditReport {
  const verifier = auditVerifier(evidence)
  for (const page of pages) verifier.add(page)
  return verifier.report()
}

/** The same for a log that comes page by page. */
export type AuditVerifier = { add(page: readonly unknown[]): void; report(): AuditReport }

export function auditVerifier(evidence: AuditEvidence): AuditVerifier {
  const { storedHead, remembered } = evidence
  const head = storedHead === null ? null : parseAuditHead(storedHead)
  const kept = remembered === null ? null : parseAuditHead(remembered)
  const watched = new Set([head, kept].filter((one) => one !== null).map(({ seq }) => seq))
  const chain = chainChecker(watched)
  return {
    add(page) {
      for (const row of page) chain.add(row)
    },
    report() {
      const found = [chain.problem, headProblem(chain, head, evidence), keptProblem(chain, kept, evidence)]
      const problems = found.filter((problem) => problem !== null)
      const { count: entries, last } = chain
      return { ok: problems.length === 0, entries, last, head, remembered: kept, problems }
    },
  }
}

function headProblem(
  chain: ChainChecker,
  head: AuditHead | null,
  { gatewayId, storedHead, remembered, trustedKey }: AuditEvidence,
): AuditProblem | null {
  if (storedHead === null) {
    if (chain.count === 0) return null
    return remembered === null
      ? { kind: 'head-unsigned', seq: null, saw: 'the end of the log is not signed' }
      : { kind: 'truncated', seq: null, saw: 'the signed head is missing, although there was one' }
  }
  if (head === null) return { kind: 'head-forged', seq: null, saw: 'the head is not one' }
  if (trustedKey === null)
    return { kind: 'head-forged', seq: null, saw: `the head is signed by ${head.publicKey}, and no key is trusted` }
  if (head.publicKey !== trustedKey)
    return { kind: 'head-forged', seq: null, saw: `the head is signed by another key, ${head.publicKey}` }
  if (!isSignedBy(head, gatewayId, trustedKey))
    return { kind: 'head-forged', seq: null, saw: 'the signature of the head is wrong' }
  return (
    distance(chain, head, 'the signed head') ??
    ((chain.last?.seq ?? 0) > head.seq
      ? { kind: 'inserted', seq: head.seq + 1, saw: 'nobody signed what comes after the signed head' }
      : null)
  )
} // prettier-ignore

function keptProblem(
  chain: ChainChecker,
  kept: AuditHead | null,
  { gatewayId, remembered, trustedKey }: AuditEvidence,
): AuditProblem | null {
  if (remembered === null) return null
  if (kept === null) return { kind: 'head-forged', seq: null, saw: 'the remembered head is not one' }
  const { gatewayId: keptFor } = JSON.parse(remembered) as { readonly gatewayId?: unknown }
  if (keptFor !== gatewayId)
    return { kind: 'forked', seq: null, saw: 'the remembered head is that of another gateway' }
  if (trustedKey === null || !isSignedBy(kept, gatewayId, trustedKey))
    return { kind: 'head-forged', seq: null, saw: 'the remembered head is not signed by the trusted key' }
  return distance(chain, kept, 'the remembered head')
}

/** Whether the log goes through this head. */
function distance(chain: ChainChecker, head: AuditHead, name: string): AuditProblem | null {
  const end = chain.last?.seq ?? 0
  if (head.seq > end) return { kind: 'truncated', seq: end + 1, saw: `${name} is of entry ${head.seq}, the last entry is ${end}` }
  const hash = chain.hashAt(head.seq)
  if (hash === undefined) return { kind: 'dropped', seq: head.seq, saw: `${name} is of entry ${head.seq}, which is missing` }
  if (hash === head.hash) return null
  return { kind: 'forked', seq: head.seq, saw: `${name} is of another entry ${head.seq}` }
} // prettier-ignore
