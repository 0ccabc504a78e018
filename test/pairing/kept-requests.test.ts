import { expect, test } from '@jest/globals'
import type { PairingRequest, PairingStore } from '../../lib/pairing/index.ts'
import { onEachStore } from './on-each-store.ts'
import { serviceFixture } from './service-fixture.ts'

/** The store, which notes the requests that are written. */
function noting(store: PairingStore, written: PairingRequest[]): PairingStore {
  return {
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          ...tx,
          putRequest(request) {
            written.push(request)
            return tx.putRequest(request)
          },
        }),
      ),
    close: () => store.close(),
  }
}

onEachStore('what is written of requests:', {}, (bench) => {
  test('a first one is written alone; one that is wider, with the one that it replaces', async () => {
    const written: PairingRequest[] = []
    const { request } = serviceFixture(noting(bench.store, written))
    const first = await request('phone', 'operator', [])
    expect(written).toEqual([first])
    const second = await request('phone', 'node', [])
    expect(written.slice(1)).toEqual([{ ...first, state: 'superseded', supersededBy: second.id }, second])
  })
})
