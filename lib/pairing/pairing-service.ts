import type { LocalityVerdict } from '../locality/verdict.ts'
import type { Approval } from './approval.ts'
import type { Decision } from './approve-request.ts'
import type { AuditProblemKind } from './audit-report.ts'
import type { Authentication, Credentials } from './authenticate.ts'
import type { Authority } from './authority.ts'
import type { Rotation } from './change-device.ts'
import type { ConnectAttempt, ConnectOutcome } from './connect-device.ts'
import type { Grant } from './grant.ts'
import type { Invite } from './invite.ts'
import type { AuditPage, AuditSlice } from './list-audit.ts'
import type { DevicePage, ListedDevices, ListedRequests, RequestPage } from './list-pages.ts'
import type { RecentDevices, RecentPage } from './list-recent.ts'
import type { PairedDevice, Pairings } from './list-pairings.ts'
import type { InviteAsk, MadeInvite } from './manage-invites.ts'
import type { TaintRecord } from './pairing-context.ts'
import type { PairingRequest, RoleAsk } from './pairing-request.ts'
import type { IgnoredDevice } from './pairing-store.ts'

/** The only writer of the store. Every method is one transaction; it answers after the commit. */
export type PairingService = {
  /** Names this gateway's store; made once. */
  gatewayId(): Promise<string>
  /** What is kept about the taint of this gateway; `null`: nothing. */
  taint(): Promise<string | null>
  /** @throws {LatchkeyError} FORBIDDEN for whoever is no admin */
  putTaint(authority: Authority, taint: TaintRecord | null): Promise<void>
  /**
   * Keeps what the doctor has found, as text, for holders of `operator.admin`.
   *
   * @throws {LatchkeyError} FORBIDDEN for whoever is no admin
   */
  keepDoctorRun(authority: Authority, run: string): Promise<void>
  /** What was kept last; `null`: nothing. */
  lastDoctorRun(authority: Authority): Promise<string | null>
  connect(attempt: ConnectAttempt): Promise<ConnectOutcome>
  /** Who a call over HTTP acts as: a device that has proved its key, by its token. */
  authenticate(credentials: Credentials): Promise<Authentication>
  /** Whether the device holds anything at all. */
  isPaired(deviceId: string): Promise<boolean>
  list(authority: Authority): Promise<Pairings>
  listDevices(authority: Authority, page: DevicePage): Promise<ListedDevices>
  recentDevices(authority: Authority, page: RecentPage): Promise<RecentDevices>
  deviceNames(authority: Authority, deviceIds: readonly string[]): Promise<Map<string, string | null>>
  /** How many wait, whoever asks. */
  countPending(): Promise<number>
  listPending(authority: Authority, page: RequestPage): Promise<ListedRequests>
  device(authority: Authority, deviceId: string): Promise<PairedDevice>
  /** What the caller holds itself; `null`: it has no key of its own, or was removed. */
  self(authority: Authority): Promise<PairedDevice | null>
  /** Whatever became of it. */
  request(authority: Authority, requestId: string): Promise<PairingRequest>
  /**
   * The same service, of which every call first runs `check` in its own transaction, and does nothing when that
   * throws. `check` reads with the service that it is given.
   */
  onlyIf(check: (now: PairingService) => Promise<void>): PairingService
  /** @throws {LatchkeyError} also FORBIDDEN with `details.code` WRONG_CODE: three of them end the request */
  approve(authority: Authority, decision: Decision): Promise<Approval>
  reject(authority: Authority, requestId: string, reason?: string): Promise<PairingRequest>
  ignore(authority: Authority, requestId: string): Promise<PairingRequest>
  unignore(authority: Authority, deviceId: string): Promise<void>
  ignored(authority: Authority): Promise<IgnoredDevice[]>
  remove(authority: Authority, deviceId: string): Promise<void>
  rename(authority: Authority, deviceId: string, label: string): Promise<string>
  rotate(authority: Authority, token: { deviceId: string; role: string; scopes?: readonly string[] | undefined }): Promise<Rotation> // prettier-ignore
  /** Resolves with the time of the revocation. */
  revoke(authority: Authority, deviceId: string, role: string): Promise<number>
  undoSilent(authority: Authority, sinceMs: number): Promise<readonly Grant[]>
  invite(authority: Authority, ask: InviteAsk): Promise<MadeInvite>
  invites(authority: Authority): Promise<Invite[]>
  revokeInvite(authority: Authority, inviteId: string): Promise<void>
  /** A part of the audit log, for holders of `operator.admin`. */
  auditEntries(authority: Authority, page: AuditPage): Promise<AuditSlice>
  /** What keeps the end of the audit log from being signed; `null`: nothing, or there is no key. */
  auditDoubt(): Promise<AuditProblemKind | null>
  /** Has it signed from now on, although it was changed; resolves with what was wrong, `null`: nothing. */
  acceptAudit(authority: Authority): Promise<AuditProblemKind | null>
  /** Ends requests whose time is over, and forgets what was settled long ago. */
  sweep(): Promise<void>
  /** Tells what an earlier run of this node had committed and not told, and follows all nodes from now on. */
  tellUntold(): Promise<void>
  /** Resolves once all was applied that any node had committed when it was called. */
  catchUp(): Promise<void>
  /**
   * Shows the others that this node lives and who is connected to it, and tells what dead ones have left behind.
   *
   * @param nowMs a clock that never runs backwards
   */
  beat(connected: ReadonlySet<string>, nowMs: number): Promise<void>
  /** Others use the store too, as far as this node knows. */
  readonly hasCompany: boolean
  /** Takes this node off the list; all that it has committed must have been told. */
  leave(): Promise<void>
  /** Whether the policy would pair such a client silently, if it were a new device. */
  mayPairSilently(verdict: LocalityVerdict, ask: RoleAsk): boolean
  /**
   * With `silent.mode: 'window'`: pairs eligible clients silently for this long, from this very moment. 0 closes
   * the window. Resolves once it is recorded.
   */
  openWindow(durationMs: number): Promise<void>
}
