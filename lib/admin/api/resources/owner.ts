import { ADMIN_SCOPE, type AuditEntry } from '../../../pairing/index.ts'
import { sinceMs } from '../../../protocol/index.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { EXAMPLES } from '../examples.ts'
import { limitOf, pageQuery } from '../page-query.ts'
import { ApiProblem } from '../problem.ts'
import { route } from '../route.ts'

/** What the owner does about all devices, and reads of what was decided. */
export const ownerRoutes = [
  route({
    method: 'POST',
    path: '/grants/undo',
    id: 'undoSilentGrants',
    summary: 'Takes back every silent grant since a time',
    needs: 'operator.admin',
    body: { sinceMs },
    bodyExample: { sinceMs: 1_790_000_000_000 },
    answers: {
      200: { description: 'What was taken back.', schema: 'UndoneGrants', example: EXAMPLES.undone },
    },
    problems: ['MISSING_SCOPE'],
    async handle({ host, service, authority, body }) {
      const grants = await service.undoSilent(authority, body.sinceMs)
      return { body: { ...body, grants: grants.map(host.records.undone) } }
    },
  }),
  route({
    method: 'GET',
    path: '/audit',
    id: 'listAudit',
    summary: 'The audit log, from its beginning',
    needs: 'operator.admin',
    query: pageQuery,
    answers: { 200: { description: 'A page, by seq.', schema: 'AuditPage', example: EXAMPLES.auditPage } },
    problems: ['MISSING_SCOPE', 'CURSOR_INVALID'],
    async handle({ service, authority, query }) {
      const after = readCursor('audit', query.cursor, isSeq) ?? 0
      const limit = limitOf(query)
      const { entries, doubt } = await service.auditEntries(authority, { after, limit })
      const last = entries.at(-1)?.seq
      // A page of long entries is shorter, so its length does not say whether it is the last one.
      const rest =
        last === undefined ? null : await service.auditEntries(authority, { after: last, limit: 1 })
      const next = rest === null || rest.entries.length === 0 ? null : writeCursor('audit', last)
      return { body: { entries: entries.map(auditRecord), doubt, next }, next }
    },
  }),
  route({
    method: 'POST',
    path: '/explain',
    id: 'explainRequest',
    summary: 'What the gateway would say of a recorded request',
    description:
      'The body is a recorded request: `remoteAddress`, `rawHeaders` or `headers`, `peer` or `peerOwner`, and others; ' +
      'see docs/api.md. Asks no kernel and remembers nothing.',
    needs: 'operator.admin',
    body: 'any',
    bodyExample: EXAMPLES.record,
    answers: { 200: { description: 'The verdict.', schema: 'Explanation', example: EXAMPLES.explanation } },
    problems: ['MISSING_SCOPE', 'INVALID_REQUEST'],
    handle({ host, authority, body }) {
      // Shows which proxies are trusted. The scopes were read from the grants for this very request.
      if (authority.kind !== 'host' && !host.lattice.implies(authority.scopes, ADMIN_SCOPE)) {
        const members = { missingScope: ADMIN_SCOPE, requiredScopes: [ADMIN_SCOPE] }
        throw new ApiProblem('MISSING_SCOPE', `missing scope: ${ADMIN_SCOPE}`, { members })
      }
      return Promise.resolve({ body: host.explain(body) })
    },
  }),
]

function isSeq(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function auditRecord({ details, ...entry }: AuditEntry): object {
  return { ...entry, details: JSON.parse(details) as unknown, detailsText: details }
}
