import { describe, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { storeContract } from '../../lib/testing/index.ts'

/** What the port promises, for every store. `open` gives an empty store; the suite closes it. */
export function pairingStoreContract(name: string, open: () => Promise<PairingStore>): void {
  describe(`${name} keeps the contract of PairingStore`, () => {
    for (const { name: promise, run } of storeContract(open)) test(promise, run)
  })
}
