// open-as.ts <file> <uid>: as that user, opens the store and writes to it; prints the outcome as JSON.
import Database from 'better-sqlite3'
import { sqliteStore } from '../../../lib/store/index.ts'

// The other user may not be able to read where the driver's native part is: load it before.
new Database(':memory:').close()
const [file = '', uid] = process.argv.slice(2)
if (uid !== undefined && Number(uid) !== process.geteuid?.()) {
  process.setegid?.(Number(uid))
  process.seteuid?.(Number(uid))
}
try {
  const store = await sqliteStore(file)
  await store.transaction((tx) => tx.putSetting('k', 'v'))
  await store.close()
  console.log(JSON.stringify({ code: 'opened' }))
} catch (error) {
  const { code, message } = error as Error & { code?: string }
  console.log(JSON.stringify({ code, message }))
}
