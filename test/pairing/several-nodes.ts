import {
  approvalPolicy,
  pairingService,
  scopeLattice,
  silentPolicy,
  type NodeRecord,
  type PairingEvent,
  type PairingService,
  type PairingStore,
} from '../../lib/pairing/index.ts'
import { attemptOf, LIMITS } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

export type TestNode = {
  readonly service: PairingService
  /** What it was to tell, and what it was to apply, by the names of the devices that asked. */
  readonly told: string[]
  readonly applied: string[]
  /** The numbers of the events that it applied. */
  readonly seqs: number[]
  readonly gaps: { count: number }
  readonly clock: { nowMs: number }
  knock(device: string): Promise<unknown>
  /** A beat at this time of its own clock. */
  beat(nowMs: number, ...connected: string[]): Promise<void>
}

export type NodeSetup = { isGone?: (node: NodeRecord) => boolean; keepEventsMs?: number; host?: string }

/** A gateway among others on one store. */
export function nodeOn(
  store: PairingStore,
  id: string,
  { host = 'here', ...more }: NodeSetup = {},
): TestNode {
  const [told, applied]: [string[], string[]] = [[], []]
  const seqs: number[] = []
  const gaps = { count: 0 }
  const clock = { nowMs: 1_000_000 }
  const lattice = scopeLattice()
  const service = pairingService({
    store,
    lattice,
    silent: silentPolicy({}, lattice),
    approval: approvalPolicy({}, lattice),
    limits: LIMITS,
    clock: { now: () => clock.nowMs },
    auditSigner: null,
    node: { id, host, pid: 1 },
    onEvent: (event) => told.push(nameOf(event)),
    onApply: (event, seq) => {
      applied.push(nameOf(event))
      seqs.push(seq)
    },
    onGap: () => (gaps.count += 1),
    ...more,
  })
  return {
    service,
    told,
    applied,
    seqs,
    gaps,
    clock,
    knock: (device) => service.connect(attemptOf(device, 'operator', [], remoteVerdict)),
    beat: (nowMs, ...connected) => service.beat(new Set(connected), nowMs),
  }
}

function nameOf(event: PairingEvent): string {
  return event.kind === 'requested' ? (event.request.displayName ?? '') : event.kind
}

/** Which nodes are on the list. */
export async function listed(store: PairingStore): Promise<string[]> {
  return (await store.transaction((tx) => tx.nodes())).map(({ id }) => id)
}
