import type { Authority, PairingService, TaintRecord } from '../pairing/index.ts'

/** Why this gateway speaks for others: its own public address was seen to come in looking local. */
export type GatewayTaintRecord = TaintRecord

/**
 * The taint of the gateway: while it is set, the kernel's word is not enough to be local. Kept in the store, so
 * that a restart does not forget it; set and cleared by the doctor, or by the owner.
 */
export class GatewayTaint {
  readonly #service: PairingService
  #record: GatewayTaintRecord | null = null

  constructor(service: PairingService) {
    this.#service = service
  }

  get record(): GatewayTaintRecord | null {
    return this.#record
  }

  /** Reads what an earlier run left. What cannot be read counts as set. */
  async load(): Promise<void> {
    const text = await this.#service.taint()
    this.#record = text === null ? null : parse(text)
  }

  /** What another gateway of the same store has set or cleared: it counts for all. */
  note(record: GatewayTaintRecord | null): void {
    this.#record = record
  }

  /** @param authority of whoever sets it: the audit log names them */
  async set(authority: Authority, why: string, nowMs: number): Promise<GatewayTaintRecord> {
    const record = { sinceMs: nowMs, why }
    await this.#service.putTaint(authority, record)
    this.#record = record
    return record
  }

  async clear(authority: Authority): Promise<void> {
    await this.#service.putTaint(authority, null)
    this.#record = null
  }
}

function parse(text: string): GatewayTaintRecord {
  try {
    const { sinceMs, why } = JSON.parse(text) as Partial<GatewayTaintRecord>
    if (typeof sinceMs === 'number' && typeof why === 'string') return { sinceMs, why }
  } catch {
    // Falls through: set, for a reason that is lost.
  }
  return { sinceMs: 0, why: 'an earlier run set it' }
}
