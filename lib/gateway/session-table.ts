import { CLOSE } from '../protocol/index.ts'
import type { Session } from './session.ts'

/** Where those are kept that have no key of their own. */
const NO_DEVICE = ''

/** A connect that is being decided. `revoked` turns true when its device is removed meanwhile. */
export type Entry = { revoked: boolean }

/** The live sessions of this gateway, and the connects under way: a removal must reach both. */
export class SessionTable {
  readonly #onPresence: (deviceId: string, connected: boolean) => void
  readonly #isWatching: (session: Session) => boolean
  readonly #watching = new Set<Session>()
  readonly #byDevice = new Map<string, Set<Session>>()
  readonly #entering = new Map<string, Set<Entry>>()

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

  /** Call before the decision is made; then either `admit` or `abandon`. */
  enter(deviceId: string): Entry {
    const entry: Entry = { revoked: false }
    const same = this.#entering.get(deviceId) ?? new Set()
    same.add(entry)
    this.#entering.set(deviceId, same)
    return entry
  }

  abandon(deviceId: string, entry: Entry): void {
    const same = this.#entering.get(deviceId)
    same?.delete(entry)
    if (same?.size === 0) this.#entering.delete(deviceId)
  }

  add(session: Session): void {
    const key = session.deviceId ?? NO_DEVICE
    const same = this.#byDevice.get(key) ?? new Set()
    same.add(session)
    this.#byDevice.set(key, same)
    if (this.#isWatching(session)) this.#watching.add(session)
    if (same.size === 1 && session.deviceId !== null) this.#onPresence(session.deviceId, true)
  }

  delete(session: Session): void {
    const key = session.deviceId ?? NO_DEVICE
    const same = this.#byDevice.get(key)
    this.#watching.delete(session)
    if (same?.delete(session) !== true || same.size > 0) return
    this.#byDevice.delete(key)
    if (session.deviceId !== null) this.#onPresence(session.deviceId, false)
  }

  find(connId: string): Session | undefined {
    for (const session of this.all()) if (session.connId === connId) return session
    return undefined
  }

  isConnected(deviceId: string): boolean {
    return this.#byDevice.has(deviceId)
  }

  /** Ends every connection of a device whose authority has shrunk: in one role, or (`null`) in all. */
  revoke(deviceId: string, role: string | null, reason: string): void {
    for (const entry of this.#entering.get(deviceId) ?? []) entry.revoked = true
    for (const session of [...(this.#byDevice.get(deviceId) ?? [])])
      if (role === null || session.role === role) session.close(CLOSE.authorityChanged, reason)
  }

  /** Of all devices that are connected. */
  connectedIds(): string[] {
    return [...this.#byDevice.keys()].filter((id) => id !== NO_DEVICE)
  }

  /** The sessions that may see pairings. */
  watching(): IterableIterator<Session> {
    return this.#watching.values()
  }

  get size(): number {
    let size = 0
    for (const sessions of this.#byDevice.values()) size += sessions.size
    return size
  }

  *all(): IterableIterator<Session> {
    for (const sessions of this.#byDevice.values()) yield* sessions
  }
}
