import type { Announcer } from './announcer.ts'
import type { Look } from './read-pages.ts'
import type { OwnerState } from './owner-model.ts'

/** What the views may do and know. */
export type OwnerActions = {
  request(method: string, params?: unknown): Promise<unknown>
  refresh(): Promise<void>
  /** Shows another part of a list. */
  look(list: 'requests' | 'devices', look: Look): Promise<void>
  /** Asks for the names of devices that are not on the page. */
  learnNames(deviceIds: readonly string[]): Promise<void>
  /** What a device is called that was asked about; `undefined`: it was removed. */
  deviceName(deviceId: string): string | null | undefined
  readonly announcer: Announcer
  /** Of this console's own key. */
  deviceId(): string
  /** By the gateway's clock. */
  nowMs(): number
  state(): OwnerState
  /** What this gateway has. */
  methods(): ReadonlySet<string>
  /** The name of a device for a sentence; that of the host's own program, or of nobody. */
  nameOf(actor: string | undefined): string
}
