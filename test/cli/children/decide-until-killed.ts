// decide-until-killed.ts <file> <name> [times]: a gateway's own service on this store; pairs devices one after the
// other and says `decided <n>` after each commit. Without `times` it goes on until it is killed.
import { writeSync } from 'node:fs'
import { openAuditKey, defaultAuditKeyFile } from '../../../lib/evidence/index.ts'
import { keepHeads } from '../../../lib/gateway/keep-heads.ts'
import { sqliteStore } from '../../../lib/store/index.ts'
import { serviceFixture, LIMITS } from '../../pairing/service-fixture.ts'
import path from 'node:path'

const [file = '', name = '', times] = process.argv.slice(2)
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const store = await sqliteStore(file)
const memory = keepHeads(path.dirname(defaultAuditKeyFile()), quiet)
const signer = {
  ...openAuditKey(defaultAuditKeyFile()),
  memory,
  onDoubt: (doubt: string) => writeSync(1, `doubt ${doubt}\n`),
}
const fixture = serviceFixture(store, {}, LIMITS, {}, signer)
await fixture.service.gatewayId()
for (let n = 0; times === undefined || n < Number(times); n += 1) {
  await fixture.connect(`${name} ${n}`, 'operator', ['operator.read'])
  writeSync(1, `decided ${n}\n`)
}
await store.close()
await memory.close()
