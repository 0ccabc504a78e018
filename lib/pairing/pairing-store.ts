import type { AuditEntry } from './audit-entry.ts'
import type { Device } from './device.ts'
import type { Grant } from './grant.ts'
import type { Invite } from './invite.ts'
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
   *
   * With a hint, a store may run `work` beside others that say another device, as long as nobody can tell the
   * difference. When `work` does more than the hint says it is rolled back and run again from its beginning, so
   * what it does outside of `tx` must bear that.
   */
  transaction<T>(work: (tx: PairingTransaction) => Promise<T>, hint?: TransactionHint): Promise<T>
  close(): Promise<void>
  /** It ends with the process, so nothing about it is worth remembering elsewhere. Default: false. */
  readonly isVolatile?: boolean
  /** Gateways on other hosts may use it too. Default: false. */
  readonly isShared?: boolean
  /**
   * Calls `listener` when another process may have committed events; gives a function that ends this. It is a
   * hint: it may come for nothing, late or never, so whoever needs to know looks at intervals too. It never
   * comes before what it tells of is committed.
   */
  readonly onWake?: (listener: () => void) => () => void
}

export type TransactionHint = {
  /** Most likely this device is known, and nothing is changed but its row and its tokens. */
  readonly device: string
}

/** A key whose requests the owner does not want to see. */
export type IgnoredDevice = {
  readonly deviceId: string
  readonly displayName: string | null
  readonly ignoredBy: string
  readonly ignoredAtMs: number
}

export type SettledState = Exclude<PairingRequest['state'], 'pending'>

/** Something that happened, kept until it has been told. */
export type StoredEvent = {
  /** Ascending, in the order of the commits. */
  readonly seq: number
  readonly atMs: number
  /** JSON. */
  readonly payload: string
}

/** Rows go in and come out whole; lists come out in the order stated. Every `put` inserts or replaces. */
export type PairingTransaction = {
  /**
   * What time it is for this transaction, in milliseconds since the epoch: the same at every call. `null`: the
   * clock of the process decides, since nobody else uses the store with another one.
   */
  nowMs(): Promise<number | null>

  setting(key: string): Promise<string | null>
  putSetting(key: string, value: string): Promise<void>

  device(id: string): Promise<Device | null>
  /** By id, ascending, those after `after`. */
  devices(page: { after?: string | undefined; limit: number }): Promise<Device[]>
  putDevice(device: Device): Promise<void>
  /** With its grants and tokens. Its requests stay, for those who ask what became of them. */
  deleteDevice(id: string): Promise<void>

  /** By role, then via, then age (grantedAtMs), then id. */
  grants(deviceId: string): Promise<Grant[]>
  /** Silent ones of every device, granted at `sinceMs` or later: oldest first, then by device and id. */
  silentGrantsSince(sinceMs: number): Promise<Grant[]>
  /** True when an owner has approved anything that is still held. */
  hasOwnerGrants(): Promise<boolean>
  /** The device must exist. */
  putGrant(grant: Grant): Promise<void>
  deleteGrant(id: string): Promise<void>
  /** Those with expiresAtMs < `beforeMs`, of every device. */
  deleteExpiredGrants(beforeMs: number): Promise<void>

  /** By role. */
  tokens(deviceId: string): Promise<TokenRecord[]>
  /** One per (device, role). The device must exist. */
  putToken(token: TokenRecord): Promise<void>
  deleteToken(deviceId: string, role: string): Promise<void>

  request(id: string): Promise<PairingRequest | null>
  pendingRequestOf(deviceId: string): Promise<PairingRequest | null>
  /** Oldest first (createdAtMs, then id), those after `after`. */
  pendingRequests(
    limit: number,
    after?: Pick<PairingRequest, 'createdAtMs' | 'id'>,
  ): Promise<PairingRequest[]>
  /** Rejects when it would make a second pending request of one device. */
  putRequest(request: PairingRequest): Promise<void>
  countPending(): Promise<number>
  countPendingFrom(addressPrefix: string): Promise<number>
  /** All of the device, settled ones too, created at `sinceMs` or later. */
  countRequestsOf(deviceId: string, sinceMs: number): Promise<number>
  /** Pending requests with expiresAtMs <= nowMs. */
  expiredRequests(nowMs: number): Promise<PairingRequest[]>
  /** Requests in one of these states, created before `beforeMs`; tells how many. */
  deleteSettledRequests(states: readonly SettledState[], beforeMs: number): Promise<number>

  ignored(deviceId: string): Promise<IgnoredDevice | null>
  /** By device id. */
  ignoredDevices(): Promise<IgnoredDevice[]>
  putIgnored(ignored: IgnoredDevice): Promise<void>
  deleteIgnored(deviceId: string): Promise<void>

  invite(id: string): Promise<Invite | null>
  inviteByToken(tokenHash: string): Promise<Invite | null>
  /** Oldest first (createdAtMs, then id). */
  invites(): Promise<Invite[]>
  putInvite(invite: Invite): Promise<void>
  deleteInvite(id: string): Promise<void>

  /** The latest; `null` when there is none. */
  lastAuditEntry(): Promise<AuditEntry | null>
  /** By seq, ascending, those after `after`. */
  auditEntries(page: { after: number; limit: number }): Promise<AuditEntry[]>
  /** Rejects when this seq is taken: entries are never replaced. */
  addAuditEntry(entry: AuditEntry): Promise<void>

  /** By seq, ascending, those after `after`. */
  events(page: { after: number; limit: number }): Promise<StoredEvent[]>
  /** Gives it the next seq, and hands that back. */
  addEvent(event: Omit<StoredEvent, 'seq'>): Promise<number>
  /** All but the latest, up to and including `upTo`: the latest keeps the count. */
  deleteEvents(upTo: number): Promise<void>
}
