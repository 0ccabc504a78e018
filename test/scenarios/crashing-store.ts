import type { PairingStore, PairingTransaction } from '../../lib/pairing/index.ts'

/** Where the process ends itself with SIGKILL, once `countdown` such moments have passed. */
export type Crash = {
  readonly at: 'between two writes' | 'before the commit' | 'after the commit' | 'before telling'
  countdown: number
}

/** A store whose process is killed in the middle of a transaction, or right after its commit. */
export function crashingStore(store: PairingStore, crash: Crash): PairingStore {
  const die = (at: Crash['at']): void => {
    if (crash.at === at && crash.countdown-- <= 0) process.kill(process.pid, 'SIGKILL')
  }
  return {
    ...store,
    async transaction(work, hint) {
      const result = await store.transaction(async (tx) => {
        const done = await work(watched(tx, () => die('between two writes')))
        die('before the commit')
        return done
      }, hint)
      die('after the commit')
      return result
    },
    close: () => store.close(),
  }
}

/** The transaction, with something that happens before each of its writes. */
function watched(tx: PairingTransaction, beforeWrite: () => void): PairingTransaction {
  const entries = Object.entries(tx).map(([name, method]) => {
    if (!/^(put|add|delete)/.test(name)) return [name, method] as const
    const call = method as (...args: unknown[]) => unknown
    return [
      name,
      (...args: unknown[]) => {
        beforeWrite()
        return call(...args)
      },
    ] as const
  })
  return Object.fromEntries(entries) as PairingTransaction
}
