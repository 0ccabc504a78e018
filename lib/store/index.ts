import '../require-node.ts'

export { memoryStore } from './memory-store.ts'
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
export { backupStore, restoreStore, type Backup, type BackupProgress, type Restored } from './backup-store.ts'

// What a store of one's own keeps.
export type { AuditEntry, AuditKind } from '../pairing/audit-entry.ts'
export type { Device } from '../pairing/device.ts'
export type { Grant } from '../pairing/grant.ts'
export type { Invite } from '../pairing/invite.ts'
export type {
  PairingReason,
  PairingRequest,
  PartialApproval,
  RoleAsk,
  Verification,
} from '../pairing/pairing-request.ts'
export type {
  IgnoredDevice,
  NodeRecord,
  PairingStore,
  PairingTransaction,
  Remembered,
  SeenPosition,
  SettledState,
  StoredEvent,
  TransactionHint,
} from '../pairing/pairing-store.ts'
export type { TokenRecord } from '../pairing/token.ts'
