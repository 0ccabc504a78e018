import { createHash } from 'node:crypto'
import { latchkeyClient } from '../built-package.ts'
import { connectAs } from '../../gateway/signed-connect.ts'
import type { DeviceIdentity, GatewayConnection } from '../../../lib/client/index.ts'
import type { Attempt } from './ledger.ts'

/** The gateway has gone before it answered. */
export class Gone extends Error {}

export type Subject = {
  readonly identity: DeviceIdentity
  /** An address that nginx would report, for one from elsewhere; `null`: this machine. */
  readonly from: string | null
}

/** What the driver keeps to repeat an attempt. */
export type Order = { readonly attempt: Attempt; readonly subject: Subject | null; secret: string | null }

const GONE = ['CLOSED', 'GATEWAY_UNREACHABLE', 'TIMEOUT']

/**
 * Asks the gateway for one thing, and notes in the attempt what it said.
 *
 * @throws {Gone} when it said nothing
 */
export async function carryOut(url: string, owner: GatewayConnection, order: Order): Promise<string> {
  const { attempt } = order
  const { op, requestId, digest, deviceId, role, inviteId } = attempt
  switch (op) {
    case 'connect':
    case 'file':
      return connect(url, order)
    case 'redeem':
      return redeem(url, order)
    case 'approve': {
      const answer = await ask(owner, attempt, 'device.pair.approve', { requestId, digest })
      return (
        attempt.refusal ??
        JSON.stringify([answer.requestId, (answer.device as { grants?: unknown } | undefined)?.grants])
      )
    }
    case 'reject':
      return said(attempt, await ask(owner, attempt, 'device.pair.reject', { requestId }))
    case 'rename':
      return said(attempt, await ask(owner, attempt, 'device.pair.rename', { deviceId, label: 'renamed' }))
    case 'rotate':
      await ask(owner, attempt, 'device.token.rotate', { deviceId, role })
      return attempt.refusal ?? 'rotated'
    case 'revoke':
      return said(attempt, await ask(owner, attempt, 'device.token.revoke', { deviceId, role }))
    case 'remove':
      await ask(owner, attempt, 'device.pair.remove', { deviceId })
      return attempt.refusal ?? 'removed'
    case 'revoke-invite':
      await ask(owner, attempt, 'device.invite.revoke', { inviteId })
      return attempt.refusal ?? 'revoked'
    case 'invite': {
      const made = await ask(owner, attempt, 'device.invite.create', { role, scopes: attempt.scopes })
      if (attempt.refusal !== null) return attempt.refusal
      attempt.inviteId = String(made.inviteId)
      order.secret = String(made.bootstrapToken)
      return 'made'
    }
  }
}

function said({ refusal }: Attempt, answer: object): string {
  return refusal ?? JSON.stringify(answer)
}

async function ask(
  owner: GatewayConnection,
  attempt: Attempt,
  method: string,
  params: object,
): Promise<Readonly<Record<string, unknown>>> {
  const sent = JSON.parse(JSON.stringify(params)) as object
  try {
    const answer = await owner.request(method, sent)
    attempt.isAcknowledged = true
    return answer as Readonly<Record<string, unknown>>
  } catch (error) {
    const code = codeOf(error)
    if (GONE.includes(code)) throw new Gone(code)
    attempt.refusal = `refused: ${(error as Error).message}`
    return {}
  }
}

/** A connection of a device, which pairs it silently or files its request. */
async function connect(url: string, { attempt, subject }: Order): Promise<string> {
  if (subject === null) throw new TypeError('nobody connects')
  const { role, scopes } = attempt
  const headers = subject.from === null ? {} : { 'X-Forwarded-For': subject.from }
  try {
    const at = { url, identity: subject.identity, role, scopes, headers, timeoutMs: 20_000 }
    const connection = await latchkeyClient.connectGateway(at)
    connection.close()
    noteToken(attempt, connection.hello.auth.deviceToken)
    attempt.isAcknowledged = true
    return 'paired'
  } catch (error) {
    const code = codeOf(error)
    if (GONE.includes(code)) throw new Gone(code)
    const { details = {} } = error as { details?: { requestId?: unknown; digest?: unknown } }
    if (attempt.op === 'file' && typeof details.requestId === 'string') {
      attempt.requestId = details.requestId
      attempt.digest = String(details.digest)
      attempt.isAcknowledged = true
      return `waits: ${details.requestId}`
    }
    attempt.refusal = `refused: ${code}`
    return attempt.refusal
  }
}

async function redeem(url: string, { attempt, subject, secret }: Order): Promise<string> {
  if (subject === null || secret === null) throw new TypeError('nothing to redeem')
  const { role, scopes } = attempt
  const auth = { bootstrapToken: secret }
  const headers = { 'X-Forwarded-For': subject.from ?? '198.18.0.1' }
  let answered: Awaited<ReturnType<typeof connectAs>>
  try {
    answered = await connectAs(url, subject.identity, { role, scopes: [...scopes], auth }, headers)
  } catch (error) {
    throw new Gone(String(error))
  }
  const { client, answer } = answered
  client.close()
  if (answer.ok !== true) {
    attempt.refusal = `refused: ${String(answer.error?.message)}`
    return attempt.refusal
  }
  noteToken(attempt, (answer.payload?.auth as { deviceToken?: string } | undefined)?.deviceToken)
  attempt.isAcknowledged = true
  return 'paired'
}

function noteToken(attempt: Attempt, token: string | undefined): void {
  if (token !== undefined) attempt.tokenHash = createHash('sha256').update(token).digest('hex')
}

export function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error)
}
