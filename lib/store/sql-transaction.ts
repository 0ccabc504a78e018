import type { Kysely } from 'kysely'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import { deviceStatements } from './device-statements.ts'
import { grantStatements } from './grant-statements.ts'
import { nodeStatements } from './node-statements.ts'
import { ownerStatements } from './owner-statements.ts'
import { requestStatements } from './request-statements.ts'
import type { StoreTables } from './schema.ts'
import type { StatementConnection } from './statements.ts'

/**
 * The operations of the port as statements on one connection, for one transaction after the other.
 *
 * @param db writes the statements, and runs none
 */
export function sqlTransaction(db: Kysely<StoreTables>, connection: StatementConnection): PairingTransaction {
  return {
    ...deviceStatements(db, connection),
    ...grantStatements(db, connection),
    ...requestStatements(db, connection),
    ...ownerStatements(db, connection),
    ...nodeStatements(db, connection),
    // For the process to say, unless the database has a clock.
    nowMs: () => Promise.resolve(null),
  }
}
