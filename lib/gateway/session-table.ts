import { CLOSE } from '../protocol/index.ts'
import type { Session } from './session.ts'

/** Where those are kept that have no key of their own. */
const NO_DEVICE = ''

/** A connect that is being decided. */
export type Entry = {
  readonly deviceId: string
  /** The number of the last event that took something from its device meanwhile. */
  revokedSeq: number
  /** Events were missed, or the gateway ends: nobody knows what the decision is worth. */
  isVoid: boolean
}

/** The live sessions of this gateway, and the connects under way: a removal must reach both. */
export class SessionTable {
  readonly #onPresence: (deviceId: string, connected: boolean) => void
  readonly #isWatching: (session: Session) => boolean
  readonly #watching = new Set<Session>()
  /** Most devices have one connection, and a set of its own takes as much as half the session does. */
  readonly #byDevice = new Map<string, Session | Set<Session>>()
  readonly #entering = new Map<string, Set<Entry>>()
  #version = 0

  /**
   * @param isWatching those that may see pairings: told of them, without a look at all the others
   * @param onPresence told when the first connection of a device begins and the last one ends
   */
  constructor(
    isWatching: (session: Session) => boolean = () => false,
    onPresence: (deviceId: string, connected: boolean) => void = () => undefined,
  ) {
    this.#isWatching = isWatching
    this.#onPresence = onPresence
  }

  /** Call before the decision is made, and `abandon` once its session was added, or there is none. */
  enter(deviceId: string): Entry {
    const entry: Entry = { deviceId, revokedSeq: -1, isVoid: false }
    const same = this.#entering.get(deviceId) ?? new Set()
    same.add(entry)
    this.#entering.set(deviceId, same)
    return entry
  }

  abandon(entry: Entry): void {
    const { deviceId } = entry
    const same = this.#entering.get(deviceId)
    same?.delete(entry)
    if (same?.size === 0) this.#entering.delete(deviceId)
  }

  add(session: Session): void {
    const key = session.deviceId ?? NO_DEVICE
    const same = this.#byDevice.get(key)
    if (same === undefined) this.#byDevice.set(key, session)
    else if (same instanceof Set) same.add(session)
    else this.#byDevice.set(key, new Set([same, session]))
    if (this.#isWatching(session)) this.#watching.add(session)
    if (same !== undefined) return
    this.#version += 1
    if (session.deviceId !== null) this.#onPresence(session.deviceId, true)
  }

  delete(session: Session): void {
    const key = session.deviceId ?? NO_DEVICE
    const same = this.#byDevice.get(key)
    this.#watching.delete(session)
    if (same instanceof Set ? !same.delete(session) || same.size > 0 : same !== session) return
    this.#byDevice.delete(key)
    this.#version += 1
    if (session.deviceId !== null) this.#onPresence(session.deviceId, false)
  }

  find(connId: string): Session | undefined {
    for (const session of this.all()) if (session.connId === connId) return session
    return undefined
  }

  isConnected(deviceId: string): boolean {
    return this.#byDevice.has(deviceId)
  }

  /**
   * Ends every connection of a device whose authority has shrunk: in one role, or (`null`) in all.
   *
   * @param seq of the event: those that were let in later have seen it
   */
  revoke(deviceId: string, role: string | null, reason: string, seq: number): void {
    for (const entry of this.#entering.get(deviceId) ?? []) entry.revokedSeq = Math.max(entry.revokedSeq, seq)
    for (const session of [...sessionsIn(this.#byDevice.get(deviceId))])
      if (session.atSeq < seq && (role === null || session.role === role))
        session.close(CLOSE.authorityChanged, reason)
  }

  /** Ends all connections, and those that are being decided. */
  endAll(code: number, reason: string): void {
    for (const entries of this.#entering.values()) for (const entry of entries) entry.isVoid = true
    for (const session of [...this.all()]) session.close(code, reason)
  }

  /** Those that are connected. */
  deviceIds(): ReadonlySet<string> {
    const ids = new Set(this.#byDevice.keys())
    ids.delete(NO_DEVICE)
    return ids
  }

  /** Changes when a device comes or goes. */
  get version(): number {
    return this.#version
  }

  /** The sessions that may see pairings. */
  watching(): IterableIterator<Session> {
    return this.#watching.values()
  }

  get size(): number {
    let size = 0
    for (const same of this.#byDevice.values()) size += same instanceof Set ? same.size : 1
    return size
  }

  *all(): IterableIterator<Session> {
    for (const same of this.#byDevice.values()) yield* sessionsIn(same)
  }
}

function sessionsIn(same: Session | Set<Session> | undefined): Iterable<Session> {
  if (same === undefined) return []
  return same instanceof Set ? same : [same]
}
