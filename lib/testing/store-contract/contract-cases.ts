import type { PairingStore } from '../../pairing/pairing-store.ts'

/** Where a part of the contract puts its cases. */
export type ContractCases = {
  readonly group: (name: string, define: () => void) => void
  readonly check: (name: string, run: () => Promise<void>) => void
}

/** A part of the contract. Every case gets a store of its own, which is empty. */
export type ContractPart = (store: () => PairingStore, cases: ContractCases) => void

export type NamedCheck = { readonly name: string; readonly run: () => Promise<void> }

/** All cases of the parts, each under the names of its groups. */
export function collectCases(parts: readonly ContractPart[], store: () => PairingStore): NamedCheck[] {
  const found: NamedCheck[] = []
  const groups: string[] = []
  const cases: ContractCases = {
    group(name, define) {
      groups.push(name)
      define()
      groups.pop()
    },
    check: (name, run) => void found.push({ name: [groups.join(', '), name].join(' '), run }),
  }
  for (const part of parts) part(store, cases)
  return found
}
