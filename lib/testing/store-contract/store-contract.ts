import type { PairingStore } from '../../pairing/pairing-store.ts'
import { collectCases, type ContractPart, type NamedCheck } from './contract-cases.ts'
import { nodeContract } from './node-contract.ts'
import { ownerContract } from './owner-contract.ts'
import { recordContract } from './record-contract.ts'
import { requestContract } from './request-contract.ts'
import { transactionContract } from './transaction-contract.ts'

const PARTS: readonly ContractPart[] = [
  recordContract,
  requestContract,
  ownerContract,
  nodeContract,
  transactionContract,
]

/** One promise of the port, as a test. */
export type StoreContractCase = {
  readonly name: string
  /** Opens a store, holds it to the promise, closes it. Rejects when it is not kept. */
  readonly run: () => Promise<void>
}

/**
 * What `PairingStore` promises, case by case, for whoever writes a store: loop over it with any test runner.
 * Latchkey's own stores are held to the same cases. Does *not* test what only your store knows: that a commit
 * survives the loss of power, and that two processes keep out of each other's way.
 *
 * @param makeStore opens a store that is empty, a new one for each call; the case closes it
 *
 * @example
 * for (const { name, run } of storeContract(() => myStore())) test(name, run)
 */
export function storeContract(makeStore: () => PairingStore | Promise<PairingStore>): StoreContractCase[] {
  return casesOn(unopened).map(({ name }, index) => ({
    name,
    async run() {
      const store = await makeStore()
      try {
        // The cases share helpers that close over their store, so each run makes its own.
        await casesOn(() => store)[index]?.run()
      } finally {
        await store.close()
      }
    },
  }))
}

function casesOn(store: () => PairingStore): NamedCheck[] {
  return collectCases(PARTS, store)
}

function unopened(): never {
  throw new Error('a case of the contract is only run on a store')
}
