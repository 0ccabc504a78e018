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
  /** Resolves when nothing is under way any more. Later transactions reject with STORE_CLOSED. */
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

/** What a transaction is about, for a store that can run several at a time. */
export type TransactionHint = {
  /** Most likely this device is known, and nothing is changed but its row and its tokens. */
  readonly device: string
}

/** A key whose requests the owner does not want to see. */
export type IgnoredDevice = {
  /** Of the key that is ignored. */
  readonly deviceId: string
  /** What it called itself. */
  readonly displayName: string | null
  /** Who decided, as `actorOf` names them. */
  readonly ignoredBy: string
  /** Milliseconds since the epoch. */
  readonly ignoredAtMs: number
}

/** A request that nobody waits for any more. */
export type SettledState = Exclude<PairingRequest['state'], 'pending'>

/** Something that happened, kept until every node has heard of it. */
export type StoredEvent = {
  /** Ascending, in the order of the commits. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
  /** The node that has committed it. */
  readonly node: string
  /** JSON. */
  readonly payload: string
}

/** A gateway that uses the store, or has done so until it was killed. */
export type NodeRecord = {
  readonly id: string
  /** The host that it runs on, as `GatewayOptions.host` says. */
  readonly host: string
  readonly pid: number
  /** Grows as long as it lives, so that others need no clock to see that it does. */
  readonly beat: number
  /** It has told all of its own events up to this one. */
  readonly toldSeq: number
  /** The node that tells what this one has left behind. */
  readonly heir: string | null
}

/** Something to be remembered by all nodes for a time: a proof that was used, an answer that was given. */
export type Remembered = { readonly value: string; readonly untilMs: number }

/** Where a device stands among those that were seen. */
export type SeenPosition = { readonly seenAtMs: number; readonly id: string }

/** Rows go in and come out whole; lists come out in the order stated. Every `put` inserts or replaces. */
export type PairingTransaction = {
  /**
   * What time it is for this transaction, in milliseconds since the epoch: the same at every call. `null`: the
   * clock of the process decides, since nobody else uses the store with another one.
   */
  nowMs(): Promise<number | null>

  /** A setting of the gateway; `null`: there is none. */
  setting(key: string): Promise<string | null>
  /** Writes or replaces it. */
  putSetting(key: string, value: string): Promise<void>

  /** By its id; `null`: it is not known. */
  device(id: string): Promise<Device | null>
  /** By id, ascending, those after `after`. */
  devices(page: { after?: string | undefined; limit: number }): Promise<Device[]>
  /** Those seen last first (lastSeenAtMs, else createdAtMs), then by id, descending too; those behind `after` in that order. */
  devicesBySeen(page: { after?: SeenPosition | undefined; limit: number }): Promise<Device[]>
  /** Writes or replaces it. */
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
  /** Does nothing when there is none. */
  deleteGrant(id: string): Promise<void>
  /** Those with expiresAtMs < `beforeMs`, of every device. */
  deleteExpiredGrants(beforeMs: number): Promise<void>

  /** By role. */
  tokens(deviceId: string): Promise<TokenRecord[]>
  /** One per (device, role). The device must exist. */
  putToken(token: TokenRecord): Promise<void>
  /** Does nothing when there is none. */
  deleteToken(deviceId: string, role: string): Promise<void>

  /** By its id, settled ones included. */
  request(id: string): Promise<PairingRequest | null>
  /** The one live request of a device. */
  pendingRequestOf(deviceId: string): Promise<PairingRequest | null>
  /** Oldest first (createdAtMs, then id), those after `after`. */
  pendingRequests(
    limit: number,
    after?: Pick<PairingRequest, 'createdAtMs' | 'id'>,
  ): Promise<PairingRequest[]>
  /** Rejects when it would make a second pending request of one device. */
  putRequest(request: PairingRequest): Promise<void>
  /** Requests that wait now. */
  countPending(): Promise<number>
  /** Requests that wait now, of one address prefix. */
  countPendingFrom(addressPrefix: string): Promise<number>
  /** All of the device, settled ones too, created at `sinceMs` or later. */
  countRequestsOf(deviceId: string, sinceMs: number): Promise<number>
  /** Pending requests with expiresAtMs <= nowMs. */
  expiredRequests(nowMs: number): Promise<PairingRequest[]>
  /** Requests in one of these states, created before `beforeMs`; tells how many. */
  deleteSettledRequests(states: readonly SettledState[], beforeMs: number): Promise<number>

  /** `null`: the key is not ignored. */
  ignored(deviceId: string): Promise<IgnoredDevice | null>
  /** By device id. */
  ignoredDevices(): Promise<IgnoredDevice[]>
  /** Writes or replaces it. */
  putIgnored(ignored: IgnoredDevice): Promise<void>
  /** Does nothing when there is none. */
  deleteIgnored(deviceId: string): Promise<void>

  /** By its id; `null`: there is none. */
  invite(id: string): Promise<Invite | null>
  /** By the hash of its token; `null`: there is none. */
  inviteByToken(tokenHash: string): Promise<Invite | null>
  /** Oldest first (createdAtMs, then id). */
  invites(): Promise<Invite[]>
  /** Writes or replaces it. */
  putInvite(invite: Invite): Promise<void>
  /** Does nothing when there is none. */
  deleteInvite(id: string): Promise<void>

  /** The latest; `null` when there is none. */
  lastAuditEntry(): Promise<AuditEntry | null>
  /** By seq, ascending, those after `after`. */
  auditEntries(page: { after: number; limit: number }): Promise<AuditEntry[]>
  /** Rejects when this seq is taken: entries are never replaced. */
  addAuditEntry(entry: AuditEntry): Promise<void>

  /** By seq, ascending, those after `after`. */
  events(page: { after: number; limit: number }): Promise<StoredEvent[]>
  /** The seq of the latest one; 0: there was none yet. */
  lastEventSeq(): Promise<number>
  /** Gives it the next seq, and hands that back. */
  addEvent(event: Omit<StoredEvent, 'seq'>): Promise<number>
  /**
   * Those up to and including `upTo` that are no later than the last one with atMs < `beforeMs`, and never the
   * latest of all, which keeps the count. Tells the seq of the last one deleted; 0: none.
   */
  deleteEvents(old: { upTo: number; beforeMs: number }): Promise<number>

  /** By id. */
  nodes(): Promise<NodeRecord[]>
  /** Writes or replaces it. */
  putNode(node: NodeRecord): Promise<void>
  /** With the presence of its devices. */
  deleteNode(id: string): Promise<void>
  /** Devices that are connected to this node from now on; those that were there already stay. */
  addPresence(nodeId: string, deviceIds: readonly string[]): Promise<void>
  /** Devices that are no longer connected to this node. */
  deletePresence(nodeId: string, deviceIds: readonly string[]): Promise<void>
  /** Whether the device is connected to any node but this one. */
  isPresent(deviceId: string, exceptNode: string): Promise<boolean>

  /** `null` when there is none; one whose time is over may still come. */
  remembered(key: string): Promise<Remembered | null>
  /** Writes or replaces it. */
  remember(key: string, remembered: Remembered): Promise<void>
  /** Does nothing when there is none. */
  forget(key: string): Promise<void>
  /** Those with untilMs <= `nowMs`. */
  forgetRemembered(nowMs: number): Promise<void>
}
