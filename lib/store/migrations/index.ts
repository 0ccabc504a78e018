export { createPairingTables } from './001-pairings.ts'
