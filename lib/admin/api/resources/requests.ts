import type { GatewayHost } from '../../../gateway/index.ts'
import type { Authority, PairingRequest, PairingService } from '../../../pairing/index.ts'
import { approvalFields, digest, rejectionFields, requestId } from '../../../protocol/index.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { DIGEST, EXAMPLES, REQUEST_ID } from '../examples.ts'
import { limitOf, pageQuery } from '../page-query.ts'
import { requestRecord } from '../request-record.ts'
import { route } from '../route.ts'

type Position = Pick<PairingRequest, 'createdAtMs' | 'id'>
type Asked = {
  readonly host: GatewayHost
  readonly service: PairingService
  readonly authority: Authority
  readonly params: { readonly requestId: string }
}

const params = { requestId }
const resource = async ({ host, service, authority, params }: Asked): Promise<object> =>
  requestRecord(host, await service.request(authority, params.requestId))
const decided = { description: 'The request as it is now.', schema: 'PairingRequest' }
const DECIDING = ['NOT_FOUND', 'FORBIDDEN', 'MISSING_SCOPE', 'REQUEST_SUPERSEDED', 'REQUEST_SETTLED'] as const

export const requestRoutes = [
  route({
    method: 'GET',
    path: '/requests',
    id: 'listRequests',
    summary: 'What waits for a decision, oldest first',
    needs: 'operator.pairing',
    query: pageQuery,
    answers: {
      200: { description: 'A page.', schema: 'PairingRequestList', example: EXAMPLES.requestList },
    },
    problems: ['MISSING_SCOPE', 'CURSOR_INVALID'],
    async handle({ host, service, authority, query }) {
      const after = readCursor('requests', query.cursor, isPosition)
      const { requests, last } = await service.listPending(authority, { after, limit: limitOf(query) })
      const next = last && writeCursor('requests', { createdAtMs: last.createdAtMs, id: last.id })
      return { body: { requests: requests.map((request) => requestRecord(host, request)), next }, next }
    },
  }),
  route({
    method: 'GET',
    path: '/requests/{requestId}',
    id: 'getRequest',
    summary: 'One request, whatever became of it',
    needs: 'operator.pairing',
    params,
    answers: { 200: { description: 'The request.', schema: 'PairingRequest', example: EXAMPLES.request } },
    problems: ['NOT_FOUND', 'MISSING_SCOPE'],
    resource,
    handle: async (call) => ({ body: await resource(call) }),
  }),
  route({
    method: 'POST',
    path: '/requests/{requestId}/approve',
    id: 'approveRequest',
    summary: 'Grants what the request asks for, or a part of it',
    description:
      'The digest is that of the request as it was shown: when the device has asked for more since, nothing is ' +
      'granted. A decision that was made is answered the same way again.',
    needs: 'operator.admin',
    params,
    body: { digest, ...approvalFields },
    bodyExample: { digest: DIGEST, scopes: ['operator.read'] },
    answers: {
      200: { description: 'Approved.', schema: 'Approval', example: { requestId: REQUEST_ID, device: EXAMPLES.device } },
      202: { description: 'A second approver has to agree.', schema: 'HalfApproval', example: EXAMPLES.halfApproval },
    },
    problems: [
      ...DECIDING, 'SELF_APPROVAL', 'NOT_ASKED', 'CODE_MALFORMED', 'WRONG_CODE', 'CODE_MISSING', 'CODE_REQUIRED',
      'APPROVALS_DIFFER', 'SECOND_APPROVER_SILENT',
    ],
    resource,
    async handle({ host, service, authority, params: { requestId }, body }) {
      const { code, ...decision } = body
      const outcome = await service.approve(authority, { requestId, ...decision, code: host.parseCode(code) })
      if (outcome.kind === 'approved') return { body: { requestId, device: host.records.device(outcome.paired) } }
      const { deviceId } = outcome.request
      return { status: 202, body: { requestId, deviceId, awaiting: 'second-approver' } }
    },
  }),
  route({
    method: 'POST',
    path: '/requests/{requestId}/reject',
    id: 'rejectRequest',
    summary: 'Rejects the request',
    needs: 'operator.pairing',
    params,
    body: rejectionFields,
    bodyExample: { reason: 'not one of ours' },
    answers: { 200: { ...decided, example: EXAMPLES.rejected } },
    problems: DECIDING,
    resource,
    handle: async ({ host, service, authority, params: { requestId }, body }) => ({
      body: requestRecord(host, await service.reject(authority, requestId, body.reason)),
    }),
  }),
  route({
    method: 'POST',
    path: '/requests/{requestId}/ignore',
    id: 'ignoreRequest',
    summary: 'Rejects the request, and hears no more of its key',
    needs: 'operator.admin',
    params,
    body: {},
    bodyExample: {},
    answers: { 200: { ...decided, example: EXAMPLES.rejected } },
    problems: DECIDING,
    resource,
    handle: async ({ host, service, authority, params: { requestId } }) => ({
      body: requestRecord(host, await service.ignore(authority, requestId)),
    }),
  }),
] // prettier-ignore

function isPosition(value: unknown): value is Position {
  const { createdAtMs, id } = (value ?? {}) as Partial<Position>
  return typeof createdAtMs === 'number' && Number.isFinite(createdAtMs) && typeof id === 'string'
}
