import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  decideLocality,
  originOf,
  type LocalityPolicy,
  type LocalityVerdict,
  type OriginStanding,
  type PeerEvidence,
} from '../locality/index.ts'
import { connectionFacts, requestFacts } from './connection-facts.ts'
import type { PeerLookup } from './peer-lookup.ts'

export type JudgeOptions = {
  /** The request asks for a WebSocket. */
  readonly upgrade?: boolean
  /** Asks the kernel anew instead of using what it said of this connection before. */
  readonly fresh?: boolean
  /** The client proved the local secret. */
  readonly localSecret?: boolean
}

/** Gathers what can be known of a request and decides. A verdict is per request; only the kernel's answer is kept. */
export type LocalityJudge = {
  readonly policy: LocalityPolicy
  /** Never rejects. */
  judge(request: IncomingMessage, options?: JudgeOptions): Promise<LocalityVerdict>
  /** Whose page the request acts for; needs no evidence beyond headers. */
  originOf(request: IncomingMessage): OriginStanding
  /** Canonical; `null` when it cannot be known. Needs no evidence beyond headers. */
  clientAddressOf(request: IncomingMessage): string | null
}

export function localityJudge(policy: LocalityPolicy, lookup: PeerLookup): LocalityJudge {
  const answers = new WeakMap<Socket, Promise<PeerEvidence>>()
  lookup.start?.()

  function askKernel(socket: Socket, fresh: boolean): Promise<PeerEvidence> {
    const known = fresh ? undefined : answers.get(socket)
    if (known !== undefined) return known
    const { connection } = connectionFacts(socket)
    const answer: Promise<PeerEvidence> =
      connection === null
        ? Promise.resolve({ status: 'unproven', sign: 'the connection has no addresses' })
        : Promise.resolve()
            .then(() => lookup.lookup(connection, { peerUsers: policy.peerUsers }))
            .catch((error: unknown) => ({ status: 'unproven', sign: `look-up failed: ${String(error)}` }))
    answers.set(socket, answer)
    return answer
  }

  return {
    policy,
    async judge(request, { upgrade = false, fresh = false, localSecret = false } = {}) {
      const facts = { ...requestFacts(request, upgrade), localSecret }
      const byHeaders = decideLocality(policy, facts)
      // Everything that the request itself says is in order: only now is the kernel worth asking.
      if (byHeaders.reason !== 'peer-unproven') return byHeaders
      return decideLocality(policy, { ...facts, peer: await askKernel(request.socket, fresh) })
    },
    clientAddressOf: (request) => decideLocality(policy, requestFacts(request, true)).clientAddress,
    originOf: (request) => originOf(policy, requestFacts(request, true)),
  }
}
