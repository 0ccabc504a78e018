import type { Announcer } from './announcer.ts'
import type { OwnerState } from './owner-model.ts'

/** What the views may do and know. */
export type OwnerActions = {
  request(method: string, params?: unknown): Promise<unknown>
  refresh(): Promise<void>
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
