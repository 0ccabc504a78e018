import { memoryStore } from '../../lib/store/index.ts'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'

/** A memory store that counts transactions, and calls that write; forgetting what is long over is no such call. */
export function countingStore(): { store: PairingStore; count: { transactions: number; writes: number } } {
  const inner = memoryStore()
  const count = { transactions: 0, writes: 0 }
  const watched = (tx: PairingTransaction): PairingTransaction =>
    new Proxy(tx, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^(put|add|delete(?!SettledRequests|ExpiredGrants))/.test(name))
          count.writes += 1
        return Reflect.get(target, name, receiver) as unknown
      },
    })
  const store: PairingStore = {
    transaction: (work) => {
      count.transactions += 1
      return inner.transaction((tx) => work(watched(tx)))
    },
    close: () => inner.close(),
    isVolatile: true,
  }
  return { store, count }
}
