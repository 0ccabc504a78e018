import type { IncomingMessage } from 'node:http'
import type { LocalityVerdict } from '../locality/index.ts'
import type { Authority, ConnectAttempt, ConnectOutcome } from '../pairing/index.ts'
import type { ErrorShape } from '../protocol/frames.ts'
import { CLOSE } from '../protocol/index.ts'
import { approveByPolicy } from './approve-by-policy.ts'
import type { AuthFailure } from './auth-failures.ts'
import { credentialRefusal } from './credential-refusal.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { LocalSecretExchange } from './local-secret.ts'
import type { Entry } from './session-table.ts'
import type { DeviceConnect } from './read-connect.ts'
import { pairingRefusal } from './refusal.ts'
import type { VerificationExchange } from './verification.ts'

/** The connection that asks, with what was agreed on it before. */
export type ConnectingClient = {
  readonly request: IncomingMessage
  readonly prefix: string
  readonly localSecret: LocalSecretExchange | null
  readonly verification: VerificationExchange
  /** True once it has gone, or its time is over. */
  isOver(): boolean
}

export type ConnectRefusal = {
  readonly kind: 'refuse'
  readonly error: ErrorShape
  readonly closeCode: number
  readonly closeReason?: string
  /** It sent something wrong that could have been guessed. */
  readonly failure?: AuthFailure
}

export type ConnectAnswer =
  | ConnectRefusal
  | {
      readonly kind: 'admit'
      readonly authority: Authority
      readonly verdict: LocalityVerdict | null
      readonly newToken: string | null
      /** When its authority ends; `null`: it does not. */
      readonly untilMs: number | null
      /** The last event that the decision has seen. */
      readonly atSeq: number
      /** To be abandoned when the session was added, or there is none; `null` for a client without a key. */
      readonly entry: Entry | null
    }
  /** Nobody is there any more to be answered. */
  | { readonly kind: 'gone' }

/** Decides on a device that has proved its key. */
export async function decideConnect(
  core: GatewayCore,
  client: ConnectingClient,
  connect: DeviceConnect,
): Promise<ConnectAnswer> {
  const { sessions } = core
  const { id } = connect.device
  const entry = sessions.enter(id)
  let answered: ConnectAnswer = { kind: 'gone' }
  try {
    const { outcome, verdict } = await ask(core, client, connect)
    if (!client.isOver()) answered = answer(core, client, connect, outcome, verdict)
  } finally {
    if (answered.kind !== 'admit') sessions.abandon(entry)
  }
  // From here on a removal must still reach it.
  return answered.kind === 'admit' ? { ...answered, entry } : answered
}

type Asked = { readonly outcome: ConnectOutcome; readonly verdict: LocalityVerdict | null }

async function ask(core: GatewayCore, client: ConnectingClient, connect: DeviceConnect): Promise<Asked> {
  const { service } = core
  const attempt = attemptOf(client, connect)
  const outcome = await service.connect(attempt)
  if (outcome.kind !== 'needs-locality') return { outcome, verdict: null }
  const localSecret = client.localSecret?.proves(connect.localProof, connect.device.id) === true
  const verdict = await core.judge.judge(client.request, { upgrade: true, fresh: true, localSecret })
  if (client.isOver()) return { outcome, verdict }
  const judged = await service.connect({ ...attempt, verdict })
  const decided = await approveByPolicy(core, judged, connect, verdict)
  // Nobody would get the token that is made for the one who is let in.
  if (client.isOver()) return { outcome: judged, verdict }
  if (decided === 'approved') return { outcome: await service.connect({ ...attempt, verdict }), verdict }
  const isRefused = decided === 'rejected' && judged.kind === 'waiting'
  return { outcome: isRefused ? { ...judged, request: null, unfiled: 'refused' } : judged, verdict }
}

function attemptOf(client: ConnectingClient, connect: DeviceConnect): ConnectAttempt {
  const { device, ask, claims, asked, clientNonce } = connect
  const deviceId = device.id
  return {
    ...device,
    claims,
    ask,
    token: connect.token,
    bootstrapToken: connect.bootstrapToken,
    requiresToken: connect.requiresToken,
    verdict: null,
    addressPrefix: client.prefix,
    requestId: client.verification.requestId,
    verification:
      clientNonce === null ? null : client.verification.complete({ deviceId, ...asked, clientNonce }),
  }
}

function answer(
  core: GatewayCore,
  client: ConnectingClient,
  connect: DeviceConnect,
  outcome: ConnectOutcome,
  verdict: LocalityVerdict | null,
): ConnectAnswer {
  const { device, ask } = connect
  if (outcome.kind === 'admitted') {
    const authority: Authority = {
      kind: 'device',
      deviceId: device.id,
      role: ask.role,
      scopes: ask.scopes,
      silentHonoured: verdict?.silent === true,
    }
    const { newToken, untilMs, atSeq } = outcome
    return { kind: 'admit', authority, verdict, newToken, untilMs, atSeq, entry: null }
  }
  if (outcome.kind === 'waiting' && verdict !== null) {
    warnOfWaiting(core, client, device.id, verdict)
    const { error, closeReason } = pairingRefusal(device.id, ask, outcome, verdict)
    return { kind: 'refuse', error, closeCode: CLOSE.policy, closeReason }
  }
  if (outcome.kind === 'waiting' || outcome.kind === 'needs-locality')
    throw new TypeError(`no answer to ${outcome.kind}`)
  return credentialRefusal(outcome)
}

function warnOfWaiting(
  core: GatewayCore,
  client: ConnectingClient,
  deviceId: string,
  verdict: LocalityVerdict,
): void {
  const { reason, advice, clientAddress, trace } = verdict
  const saw = trace.find((entry) => entry.outcome === 'fail')?.saw
  const fields = { deviceId, from: clientAddress, reason, saw, advice }
  core.warnOnce(`${client.prefix} ${reason}`, 'a client waits for the approval of the owner', fields)
}
