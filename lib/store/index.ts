import '../require-node.ts'

export { memoryStore } from './memory-store.ts'
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
export { backupStore, restoreStore, type Backup, type BackupProgress, type Restored } from './backup-store.ts'
