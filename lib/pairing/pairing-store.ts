import type { Device } from './device.ts'
import type { Grant } from './grant.ts'
import type { PairingRequest } from './pairing-request.ts'
import type { TokenRecord } from './token.ts'

/**
 * Where pairings are kept. The port is declared here, where it is used; `lib/store` implements it and one
 * contract suite holds every implementation to it.
 */
export type PairingStore = {
  /**
   * Runs `work` alone: no other transaction of any process sees or makes a change in between. Commits
   * durably before it resolves; rolls back everything when `work` rejects, and rejects with the same error.
   */
  transaction<T>(work: (tx: PairingTransaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Rows go in and come out whole; lists come out in the order stated. Every `put` inserts or replaces. */
export type PairingTransaction = {
  setting(key: string): Promise<string | null>
  putSetting(key: string, value: string): Promise<void>

  device(id: string): Promise<Device | null>
  /** By id, ascending, those after `after`. */
  devices(page: { after?: string | undefined; limit: number }): Promise<Device[]>
  putDevice(device: Device): Promise<void>
  /** With its grants and tokens. Its requests stay, for those who ask what became of them. */
  deleteDevice(id: string): Promise<void>

  /** By role, then via. */
  grants(deviceId: string): Promise<Grant[]>
  /** One per (device, role, via). The device must exist. */
  putGrant(grant: Grant): Promise<void>
  deleteGrant(deviceId: string, role: string, via: Grant['via']): Promise<void>

  /** By role. */
  tokens(deviceId: string): Promise<TokenRecord[]>
  /** One per (device, role). The device must exist. */
  putToken(token: TokenRecord): Promise<void>
  deleteToken(deviceId: string, role: string): Promise<void>

  request(id: string): Promise<PairingRequest | null>
  pendingRequestOf(deviceId: string): Promise<PairingRequest | null>
  /** Oldest first (createdAtMs, then id). */
  pendingRequests(limit: number): Promise<PairingRequest[]>
  /** Rejects when it would make a second pending request of one device. */
  putRequest(request: PairingRequest): Promise<void>
  countPending(): Promise<number>
  countPendingFrom(addressPrefix: string): Promise<number>
  /** Pending requests with expiresAtMs <= nowMs. */
  expiredRequests(nowMs: number): Promise<PairingRequest[]>
  /** Requests that were decided, superseded or expired, and created before `beforeMs`. */
  deleteSettledRequests(beforeMs: number): Promise<number>
}
