import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'

/** The operation of a transaction, and what it was given. */
export type StoreCall = readonly [operation: string, ...given: unknown[]]

type Operation = (...given: unknown[]) => unknown

/** The transaction, which notes what is asked of it. */
export function notingCalls(tx: PairingTransaction, calls: StoreCall[]): PairingTransaction {
  const noted = Object.entries(tx as Record<string, Operation>).map(([name, operation]) => [
    name,
    (...given: unknown[]) => {
      calls.push([name, ...given])
      return operation(...given)
    },
  ])
  return Object.fromEntries(noted) as PairingTransaction
}

/** The store, which notes what is asked of its transactions, and what they are said to be about. */
export function notingStore(store: PairingStore): {
  store: PairingStore
  calls: StoreCall[]
  hints: unknown[]
} {
  const calls: StoreCall[] = []
  const hints: unknown[] = []
  return {
    calls,
    hints,
    store: {
      transaction(work, hint) {
        hints.push(hint)
        return store.transaction((tx) => work(notingCalls(tx, calls)), hint)
      },
      close: () => store.close(),
    },
  }
}
