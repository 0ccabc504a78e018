export { openAuditFile, type AuditFile } from './open-audit-file.ts'
export { memoryStore } from './memory-store.ts'
export { sqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
