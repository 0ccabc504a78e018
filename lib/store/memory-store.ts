import type { PairingStore } from '../pairing/pairing-store.ts'
import { guardedWork } from './guarded-work.ts'
import { copyTables, emptyTables, memoryTransaction } from './memory-transaction.ts'
import { serialQueue } from './serial-queue.ts'

/** A store for tests: it lives as long as the process and is shared with no other. */
export function memoryStore(): PairingStore {
  const queue = serialQueue()
  let tables = emptyTables()
  return {
    transaction: (work) =>
      queue.run(async () => {
        const draft = copyTables(tables)
        const result = await guardedWork(memoryTransaction(draft), work)
        tables = draft
        return result
      }),
    close: () => queue.close(() => Promise.resolve()),
    isVolatile: true,
  }
}
