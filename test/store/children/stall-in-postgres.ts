// stall-in-postgres.ts <url> <timeout>: says `inside` in mid-transaction, writes a while later, and says how it ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresStore } from '../../../lib/store/postgres/index.ts'

const [connectionString = '', timeout] = process.argv.slice(2)
const store = await postgresStore({
  connectionString,
  listen: false,
  idleInTransactionTimeoutMs: Number(timeout),
})
try {
  await store.transaction(async (tx) => {
    await tx.putSetting('total', 'of the one that stalled')
    console.log('inside')
    await sleep(100)
    await tx.putSetting('other', 'of the one that stalled')
  })
  console.log('committed')
} catch (error) {
  console.log((error as { code?: string }).code)
}
await store.close()
