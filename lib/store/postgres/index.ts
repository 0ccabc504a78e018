export { postgresStore } from './postgres-store.ts'
export type { PostgresStoreOptions, PostgresTlsOptions } from './postgres-options.ts'
