import type { PairingStore } from '../../lib/pairing/index.ts'
import { attemptOf } from './service-fixture.ts'
import { localVerdict } from './verdicts.ts'

/** Devices that only a list looks at: by number, ascending. */
export async function crowd(store: PairingStore, count: number): Promise<void> {
  const { claims, publicKey } = attemptOf('crowd', 'operator', [], localVerdict)
  await store.transaction(async (tx) => {
    for (let n = 0; n < count; n += 1) {
      const id = String(n).padStart(64, '0')
      await tx.putDevice({ id, publicKey, ...claims, displayName: `n${n}`, label: null, createdAtMs: n, lastSeenAtMs: null }) // prettier-ignore
    }
  })
}
