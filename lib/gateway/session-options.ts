import type { JudgedRequest, LocalityJudge } from '../evidence/index.ts'
import type { LocalityVerdict } from '../locality/index.ts'
import type { Authority, ScopeLattice } from '../pairing/index.ts'
import type { GatewaySocket } from './gateway-socket.ts'
import type { GatewayLimits } from './limits.ts'
import type { MethodTable } from './methods.ts'
import type { SessionLease } from './nodes/session-lease.ts'
import type { GatewayConfig } from './options.ts'
import type { Session } from './session.ts'

/** What all sessions of a gateway share. */
export type SessionHost = {
  readonly methods: MethodTable
  readonly lattice: ScopeLattice
  readonly limits: GatewayLimits
  readonly lease: SessionLease
  readonly judge: Pick<LocalityJudge, 'judge'>
  readonly config: Pick<GatewayConfig, 'logger' | 'clock'>
  readonly sessions: { delete(session: Session): void }
}

export type SessionOptions = {
  readonly socket: GatewaySocket
  readonly connId: string
  readonly authority: Authority
  /** When its authority ends; `null`: it does not. */
  readonly untilMs: number | null
  /** Where the client is, or what that can be worked out from when nobody had to until now. */
  readonly locality: LocalityVerdict | JudgedRequest
  /** The last event that its admission has seen. */
  readonly atSeq: number
}
