export type Presence = { readonly deviceId: string; readonly connected: boolean }

/** Long enough that a thousand devices that come back at once are told of in a few frames. */
const COLLECTED_MS = 200
/** Devices that one frame names; of the others it is told that there are more. */
const NAMED = 100

/** Collects who came and went, so that owners are told of many at once. */
export class PresenceNews {
  readonly #tell: (devices: readonly Presence[], more: number) => void
  readonly #changed = new Map<string, boolean>()
  #timer: NodeJS.Timeout | null = null
  #isClosed = false

  constructor(tell: (devices: readonly Presence[], more: number) => void) {
    this.#tell = tell
  }

  note(deviceId: string, connected: boolean): void {
    if (this.#isClosed) return
    this.#changed.set(deviceId, connected)
    if (this.#timer !== null) return
    this.#timer = setTimeout(() => this.#flush(), COLLECTED_MS)
    this.#timer.unref()
  }

  close(): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #flush(): void {
    this.#timer = null
    const all = [...this.#changed].map(([deviceId, connected]) => ({ deviceId, connected }))
    this.#changed.clear()
    this.#tell(all.slice(0, NAMED), Math.max(0, all.length - NAMED))
  }
}
