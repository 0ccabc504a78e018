import type { ConnectAuth } from '../../client/connect-options.ts'
import type { SyncDeviceIdentity } from '../../client/device-identity.ts'
import type { Route } from '../via.ts'
import type { DeviceHappening, HappeningKind, HappeningOf } from './happenings.ts'

/** What the device asks for, and from where. */
export type TestDeviceOptions = {
  /** Default `operator`. */
  role?: string
  /** Default `['operator.read']`. */
  scopes?: readonly string[]
  /** Where it is: an address, what `via()` gives, or `local`, which is the default. */
  from?: string | Route
  /** Its key. Default: a new one. */
  identity?: SyncDeviceIdentity
  /** What it calls itself. */
  name?: string
  /** Of the upgrade request, besides: an Origin, a header of a proxy. */
  headers?: Readonly<Record<string, string>>
  /** The shared secret, or the token of an invitation. */
  auth?: ConnectAuth
}

/** A scripted device. */
export type TestDevice = {
  readonly deviceId: string
  readonly identity: SyncDeviceIdentity
  /** All that happened, in order. */
  readonly happened: readonly DeviceHappening[]
  /**
   * The next happening of a kind that was not asked for before; waits for it.
   *
   * @throws {LatchkeyError} TEST_FAILED when it does not come within `timeoutMs` (default 10 s), with what came
   *   instead; OPTION_INVALID for a kind that there is not
   */
  next<K extends HappeningKind>(kind: K, options?: { timeoutMs?: number }): Promise<HappeningOf<K>>
  /** @throws {LatchkeyError} what the gateway answered; CLOSED when it is not connected; TIMEOUT */
  call(method: string, params?: unknown): Promise<unknown>
  /** Connects again in place of what it has, for more or from elsewhere. What is not given stays. */
  connect(changes?: TestDeviceOptions): Promise<void>
  /** Ends its connection. */
  close(): void
}
