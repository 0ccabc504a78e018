import { setTimeout as sleep } from 'node:timers/promises'
import { BEAT_MS, type PairingService, type PairingStore } from '../../pairing/index.ts'
import type { GatewayLimits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import type { SessionTable } from '../session-table.ts'
import type { SessionLease } from './session-lease.ts'

export type NodeLoopOptions = {
  readonly service: PairingService
  readonly store: Pick<PairingStore, 'onWake' | 'isVolatile'>
  readonly sessions: Pick<SessionTable, 'deviceIds' | 'version'>
  readonly lease: SessionLease
  readonly limits: Pick<GatewayLimits, 'pollMs'>
  readonly logger: Logger
  /** The lease is over: what the sessions may do is not known any more. */
  readonly onLapse: () => void
}

/**
 * Keeps a gateway in step with the others that use its store: looks for what they have committed, at intervals and
 * when the store hints that there is something, and shows them that it lives and who is connected to it.
 */
export class NodeLoop {
  readonly #options: NodeLoopOptions
  readonly #stop = new AbortController()
  readonly #stopWaking: () => void
  #poll: Promise<void> | null = null
  #beating: Promise<void> | null = null
  #beatAt = -Infinity
  #shown = -1
  #isFailing = false

  constructor(options: NodeLoopOptions) {
    this.#options = options
    const { store } = options
    this.#stopWaking = store.onWake?.(() => void this.#look()) ?? (() => undefined)
    // Nobody else can see a store that ends with the process.
    if (store.isVolatile === true) return
    void this.#repeat()
    void this.#watchLease()
  }

  close(): void {
    this.#stopWaking()
    this.#stop.abort()
  }

  async #repeat(): Promise<void> {
    while (await this.#pause(this.#options.limits.pollMs)) {
      await this.#look()
      this.#beating ??= this.#beat().finally(() => (this.#beating = null))
    }
  }

  /** Never rejects. */
  #look(): Promise<void> {
    if (this.#stop.signal.aborted) return Promise.resolve()
    const look = this.#lookOnce().finally(() => {
      if (this.#poll === look) this.#poll = null
    })
    this.#poll = look
    return look
  }

  async #lookOnce(): Promise<void> {
    const { service, lease, logger } = this.#options
    const askedAt = performance.now()
    try {
      await service.catchUp()
      lease.confirm(askedAt)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        logger.error('the store cannot be asked for what other gateways have decided', { error })
      this.#isFailing = true
    }
  }

  /** Every few seconds, and once more as soon as somebody has come or gone whom others may want to see. */
  async #beat(): Promise<void> {
    const { service, sessions, logger } = this.#options
    const nowMs = performance.now()
    const isDue = nowMs - this.#beatAt >= BEAT_MS
    if (!isDue && !(service.hasCompany && sessions.version !== this.#shown)) return
    const shown = sessions.version
    try {
      await service.beat(sessions.deviceIds(), nowMs)
      this.#shown = shown
      this.#beatAt = nowMs
    } catch (error) {
      logger.warn('the store cannot be told that this gateway lives', { error })
    }
  }

  async #watchLease(): Promise<void> {
    const { lease, limits, onLapse } = this.#options
    let isLapsed = false
    for (;;) {
      const leftMs = isLapsed ? limits.pollMs : lease.leftMs
      if (!(await this.#pause(Math.max(1, leftMs)))) return
      if (!lease.isValid && -lease.leftMs > limits.pollMs && !isLapsed) {
        // The whole process stood still, and not the store: one look tells, and nothing is done before that.
        await Promise.race([this.#look(), this.#pause(limits.pollMs)])
      }
      if (!lease.isValid && !isLapsed) onLapse()
      isLapsed = !lease.isValid
    }
  }

  /** False when it was closed meanwhile. */
  async #pause(ms: number): Promise<boolean> {
    try {
      await sleep(ms, undefined, { ref: false, signal: this.#stop.signal })
      return true
    } catch {
      return false
    }
  }
}
