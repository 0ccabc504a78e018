// pair-until-killed.ts <file> <round>: writes a device with three grants, a token and a counter per transaction,
// and says `writing <id>` within it, `committed <id>` after it.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteStore } from '../../../lib/store/index.ts'
import { sampleDevice, sampleGrant, sampleToken } from '../samples.ts'

const [file = '', round = ''] = process.argv.slice(2)
const store = await sqliteStore(file)
for (let n = 0; ; n++) {
  const id = `round-${round}-device-${n}`
  await store.transaction(async (tx) => {
    const total = Number((await tx.setting('total')) ?? 0)
    await tx.putSetting('total', String(total + 1))
    await tx.putDevice(sampleDevice(id, { displayName: 'x'.repeat(2000) }))
    for (const role of ['a', 'b']) await tx.putGrant(sampleGrant(id, { id: `${id}-${role}`, role }))
    writeSync(1, `writing ${id}\n`)
    await sleep(Math.random() * 3)
    await tx.putGrant(sampleGrant(id, { id: `${id}-c`, role: 'c' }))
    await tx.putToken(sampleToken(id))
  })
  writeSync(1, `committed ${id}\n`)
}
