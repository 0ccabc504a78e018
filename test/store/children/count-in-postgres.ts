// count-in-postgres.ts <url> <times>: opens the store, then adds to the setting `total`, one transaction each.
import { postgresStore } from '../../../lib/store/postgres/index.ts'

const [connectionString = '', times] = process.argv.slice(2)
const store = await postgresStore({
  connectionString,
  listen: false,
  lockTimeoutMs: 60_000,
  connectTimeoutMs: 60_000,
})
for (let n = 0; n < Number(times); n++) {
  await store.transaction(async (tx) => {
    const total = Number((await tx.setting('total')) ?? 0)
    await tx.putSetting('total', String(total + 1))
  })
}
await store.close()
