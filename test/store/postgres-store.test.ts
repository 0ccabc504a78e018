import { afterAll, beforeAll } from '@jest/globals'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { anyPostgres, type PostgresServer } from '../postgres-server.ts'
import { pairingStoreContract } from './contract.ts'

let server: PostgresServer
let database: string
let schemas = 0
beforeAll(async () => {
  server = await anyPostgres()
  database = await server.database()
})
afterAll(() => server.stop())

const open = () => postgresStore({ connectionString: database, schema: `Schema "${schemas++}" of ours` })

pairingStoreContract('postgresStore', open)
