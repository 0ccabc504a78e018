import { CLOSE } from '../protocol/index.ts'
import type { Session } from './session.ts'

/** Where those are kept that have no key of their own. */
const NO_DEVICE = ''

/** A connect that is being decided. `revoked` turns true when its device is removed meanwhile. */
export type Entry = { revoked: boolean }

/** The live sessions of this gateway, and the connects under way: a removal must reach both. */
export class SessionTable {
  readonly #byDevice = new Map<string, Set<Session>>()
  readonly #entering = new Map<string, Set<Entry>>()

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
  }

  delete(session: Session): void {
    const key = session.deviceId ?? NO_DEVICE
    const same = this.#byDevice.get(key)
    same?.delete(session)
    if (same?.size === 0) this.#byDevice.delete(key)
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

  get size(): number {
    let size = 0
    for (const sessions of this.#byDevice.values()) size += sessions.size
    return size
  }

  *all(): IterableIterator<Session> {
    for (const sessions of this.#byDevice.values()) yield* sessions
  }
}
