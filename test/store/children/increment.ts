// increment.ts <file> <times>: adds to the setting `total`, one transaction each.
import { sqliteStore } from '../../../lib/store/index.ts'

const [file = '', times] = process.argv.slice(2)
const store = await sqliteStore(file)
for (let n = 0; n < Number(times); n++) {
  await store.transaction(async (tx) => {
    const total = Number((await tx.setting('total')) ?? 0)
    await tx.putSetting('total', String(total + 1))
  })
}
await store.close()
