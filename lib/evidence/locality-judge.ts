import type { Socket } from 'node:net'
import type { LocalityPolicy, LocalityVerdict, PeerEvidence } from '../locality/index.ts'
import { decideByHeaders, decideByPeer } from '../locality/decide-locality.ts'
import type { OriginStanding } from '../locality/origin.ts'
import { needsKernel } from '../locality/peer-rules.ts'
import { originOfReading, readRequest, type Reading } from '../locality/reading.ts'
import { connectionFacts, connectionKey, forgetConnection, requestFacts, type JudgedRequest } from './connection-facts.ts' // prettier-ignore
import { lastRequest, repeats, type Examined, type LastRequest } from './last-request.ts'
import type { PeerLookup } from './peer-lookup.ts'
import { simulatedConnection } from './simulated-connection.ts'
import { processTaint, type TaintMemory } from './taint.ts'

const LEARN_EVERY_MS = 1000

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
  judge(request: JudgedRequest, options?: JudgeOptions): Promise<LocalityVerdict>
  /**
   * The same, and whose page the request acts for. At once when the kernel need not be asked, or has answered for
   * this connection before: a promise for each request costs an app more than the decision does.
   */
  examine(request: JudgedRequest): Examined | Promise<Examined>
  /** Whose page the request acts for; needs no evidence beyond headers. */
  originOf(request: JudgedRequest): OriginStanding
  /** Canonical; `null` when it cannot be known. Needs no evidence beyond headers. */
  clientAddressOf(request: JudgedRequest): string | null
  /** What is remembered of the connection goes: for one that lasts, about which nothing will be asked again. */
  forget(request: JudgedRequest): void
}

/** What the kernel said of a connection; `peer` is `null` until it has. */
type Answer = { peer: PeerEvidence | null; readonly coming: Promise<PeerEvidence> }

/** What is remembered of a connection. */
type Connection = { answer: Answer | null; last: LastRequest | null }

/** What the owner of a judge adds and wants to know. */
export type JudgeHooks = {
  /** The whole gateway is tainted. Default: it is not. */
  readonly isTainted?: () => boolean
  readonly onVerdict?: (verdict: LocalityVerdict) => void
  readonly onLookup?: (peer: PeerEvidence, seconds: number) => void
  /** Processes that were seen to speak for others. Default: one memory for this process. */
  readonly memory?: TaintMemory
}

export function localityJudge(
  policy: LocalityPolicy,
  lookup: PeerLookup,
  hooks: JudgeHooks = {},
): LocalityJudge {
  const { memory = processTaint, isTainted = () => false, onVerdict, onLookup } = hooks
  const connections = new WeakMap<object, Connection>()
  let isLearning = false
  lookup.start?.()

  function connectionOf(request: JudgedRequest): Connection {
    const key = connectionKey(request)
    const known = connections.get(key)
    if (known !== undefined) return known
    const connection: Connection = { answer: null, last: null }
    connections.set(key, connection)
    return connection
  }

  function askKernel(request: JudgedRequest, fresh: boolean): Answer {
    const connection = connectionOf(request)
    if (!fresh && connection.answer !== null) return connection.answer
    const answer: Answer = { peer: null, coming: look(request.socket, connectionKey(request)) }
    connection.answer = answer
    // It was decided by another answer.
    connection.last = null
    void answer.coming.then((peer) => {
      answer.peer = peer
    })
    return answer
  }

  async function look(socket: Socket, whole: { readonly destroyed?: boolean }): Promise<PeerEvidence> {
    const simulated = simulatedConnection(socket)
    if (simulated !== undefined) return simulated.peer
    const { connection } = connectionFacts(socket)
    if (connection === null) return { status: 'unproven', sign: 'the connection has no addresses' }
    const started = performance.now()
    let peer: PeerEvidence
    try {
      peer = await lookup.lookup(connection, { peerUsers: policy.peerUsers })
      // The answer may be about a later connection between the same ports. Who was seen is remembered anyway.
      if (whole.destroyed === true)
        peer = { ...peer, status: 'unproven', sign: 'the connection was closed meanwhile' }
    } catch (error) {
      peer = { status: 'unproven', sign: `look-up failed: ${String(error)}` }
    }
    onLookup?.(peer, (performance.now() - started) / 1000)
    return peer
  }

  /**
   * A request was passed on by somebody who is no trusted proxy: what comes from there later is not its own.
   * At most one look-up at a time and a second, so that a flood of such requests costs little.
   */
  function learnTaint(request: JudgedRequest): void {
    memory.taintConnection(connectionKey(request))
    if (isLearning) return
    isLearning = true
    const rest = setTimeout(() => (isLearning = false), LEARN_EVERY_MS)
    rest.unref()
    void askKernel(request, false).coming.then((peer) => {
      memory.taintProcesses(peer)
    })
  }

  /** Never rejects. */
  function decide(
    request: JudgedRequest,
    reading: Reading,
    { fresh = false, localSecret = false }: JudgeOptions,
  ): LocalityVerdict | Promise<LocalityVerdict> {
    const { trace, refusal } = decideByHeaders(reading, {})
    if (refusal !== null) {
      if (refusal.reason === 'forwarding-untrusted') learnTaint(request)
      return counted(refusal)
    }
    if (!needsKernel(reading, localSecret))
      return counted(decideByPeer(reading, trace, { localSecret, tainted: isTainted() }))
    // Everything that the request itself says is in order: only now is the kernel worth asking.
    const decideWith = (peer: PeerEvidence): LocalityVerdict => {
      const tainted = isTainted() || memory.isTainted(connectionKey(request), peer)
      return counted(decideByPeer(reading, trace, { localSecret, peer, tainted }))
    }
    const { peer, coming } = askKernel(request, fresh)
    return peer === null ? coming.then(decideWith) : decideWith(peer)
  }

  /** Another number once somebody is taken for tainted who was not. */
  function taintNow(): number {
    return isTainted() ? -1 : memory.changes
  }

  function counted(verdict: LocalityVerdict): LocalityVerdict {
    onVerdict?.(verdict)
    return verdict
  }

  function read(request: JudgedRequest, upgrade: boolean): Reading {
    return readRequest(policy, requestFacts(request, upgrade))
  }

  return {
    policy,
    async judge(request, options = {}) {
      return decide(request, read(request, options.upgrade ?? false), options)
    },
    examine(request) {
      const taint = taintNow()
      const connection = connectionOf(request)
      const { last } = connection
      if (last !== null && repeats(request, last, taint)) {
        onVerdict?.(last.examined.verdict)
        return last.examined
      }
      const reading = read(request, false)
      const origin = originOfReading(reading)
      const verdict = decide(request, reading, {})
      if (verdict instanceof Promise) return verdict.then((decided) => ({ verdict: decided, origin }))
      const examined = { verdict, origin }
      connection.last = lastRequest(policy, request, taint, examined)
      return examined
    },
    forget(request) {
      connections.delete(connectionKey(request))
      forgetConnection(request.socket)
    },
    clientAddressOf: (request) => read(request, true).clientAddress,
    originOf: (request) => originOfReading(read(request, true)),
  }
}
