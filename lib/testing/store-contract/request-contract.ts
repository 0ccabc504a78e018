import type { PairingRequest } from '../../pairing/pairing-request.ts'
import type { SettledState } from '../../pairing/pairing-store.ts'
import { sampleDevice, sampleRequest } from './samples.ts'
import { deepEqual, equal, notEqual, rejectsWith } from './assertions.ts'
import type { ContractPart } from './contract-cases.ts'

const SETTLED = ['approved', 'rejected', 'superseded', 'expired'] as const

export const requestContract: ContractPart = (store, { group, check }) => {
  const put = (...requests: PairingRequest[]) =>
    store().transaction(async (tx) => {
      for (const request of requests) await tx.putRequest(request)
    })

  group('requests', () => {
    check('come back whole', async () => {
      const nulls = {
        displayName: null,
        platform: null,
        deviceFamily: null,
        clientId: null,
        clientMode: null,
      }
      const bare = sampleRequest('r2', 'd2', { ...nulls, fromAddress: null, localityAdvice: null, asks: [] })
      const decided = { state: 'superseded', supersededBy: 'r1', decidedAtMs: 5, decidedBy: 'owner' } as const
      const settled = sampleRequest('r3', 'd1', decided)
      await put(sampleRequest('r1', 'd1'), bare, settled)
      await store().transaction(async (tx) => {
        deepEqual(await tx.request('r1'), sampleRequest('r1', 'd1'))
        deepEqual(await tx.request('r2'), bare)
        deepEqual(await tx.request('r3'), settled)
        equal(await tx.request('r4'), null)
      })
    })

    check('are replaced in every field', async () => {
      await put(sampleRequest('r1', 'd1'))
      const changed: PairingRequest = {
        ...{
          id: 'r1',
          deviceId: 'd9',
          publicKey: 'k',
          asks: [{ role: 'node', scopes: ['a'] }],
          role: 'node',
        },
        ...{ reason: 'remote-use', digest: 'x', state: 'rejected', supersededBy: 's', displayName: null },
        ...{ platform: 'p', deviceFamily: null, clientId: 'i', clientMode: null, fromAddress: null },
        ...{ addressPrefix: 'q', localityReason: 'peer-relay', localityAdvice: null, createdAtMs: 1 },
        ...{ refreshedAtMs: 2, expiresAtMs: 3, decidedAtMs: 4, decidedBy: 'o' },
        ...{ localityTrace: [], verification: null, codeFailures: 0, approvals: [] },
      }
      await put(changed)
      deepEqual(await store().transaction((tx) => tx.request('r1')), changed)
    })

    check('one is pending per device, and can be refreshed', async () => {
      const settled = SETTLED.map((state) => sampleRequest(`was-${state}`, 'd1', { state }))
      await put(...settled, sampleRequest('r1', 'd1'), sampleRequest('r2', 'd2'))
      const refreshed = sampleRequest('r1', 'd1', { refreshedAtMs: 9, expiresAtMs: 10 })
      await put(refreshed)
      await store().transaction(async (tx) => {
        deepEqual(await tx.pendingRequestOf('d1'), refreshed)
        equal(await tx.pendingRequestOf('d3'), null)
      })
      await put({ ...refreshed, state: 'expired' })
      equal(await store().transaction((tx) => tx.pendingRequestOf('d1')), null)
    })

    check('a second pending one of a device is refused, new or re-opened', async () => {
      await put(sampleRequest('r1', 'd1'), sampleRequest('r2', 'd1', { state: 'rejected' }))
      const refusal = { name: 'LatchkeyError', code: 'INVALID_REQUEST' }
      await rejectsWith(put(sampleRequest('r3', 'd1')), refusal)
      await rejectsWith(put(sampleRequest('r2', 'd1')), refusal)
      equal(await store().transaction((tx) => tx.countPending()), 1)
      equal(await store().transaction((tx) => tx.request('r3')), null)
    })

    check('a pending one can be replaced within one transaction', async () => {
      await put(sampleRequest('r1', 'd1'))
      await put(
        sampleRequest('r1', 'd1', { state: 'superseded', supersededBy: 'r2' }),
        sampleRequest('r2', 'd1'),
      )
      const pending = await store().transaction((tx) => tx.pendingRequestOf('d1'))
      equal(pending?.id, 'r2')
    })

    check('stay when their device is deleted', async () => {
      await store().transaction((tx) => tx.putDevice(sampleDevice('d1')))
      await put(sampleRequest('r1', 'd1'), sampleRequest('r2', 'd1', { state: 'approved' }))
      await store().transaction((tx) => tx.deleteDevice('d1'))
      const both = await store().transaction(async (tx) => [await tx.request('r1'), await tx.request('r2')])
      deepEqual(
        both.map((request) => request?.state),
        ['pending', 'approved'],
      )
    })

    check('pending ones are listed oldest first, then by id, up to the limit', async () => {
      const ages = [30, 10, 20, 10, 2 ** 41, 5]
      const requests = ages.map((createdAtMs, n) => sampleRequest(`r${9 - n}`, `d${n}`, { createdAtMs }))
      await put(...requests, ...SETTLED.map((state) => sampleRequest(state, 'd0', { state, createdAtMs: 1 })))
      const ids = async (limit: number) =>
        (await store().transaction((tx) => tx.pendingRequests(limit))).map((request) => request.id)
      deepEqual(await ids(100), ['r4', 'r6', 'r8', 'r7', 'r9', 'r5'])
      deepEqual(await ids(3), ['r4', 'r6', 'r8'])
    })

    check('pending ones are listed page by page, by age and id', async () => {
      await put(
        ...[30, 10, 10, 10, 20].map((createdAtMs, n) => sampleRequest(`r${n}`, `d${n}`, { createdAtMs })),
      )
      const listed: string[] = []
      let page: PairingRequest[] = []
      do {
        page = await store().transaction((tx) => tx.pendingRequests(2, page.at(-1)))
        listed.push(...page.map((request) => request.id))
      } while (page.length === 2)
      deepEqual(listed, ['r1', 'r2', 'r3', 'r4', 'r0'])
    })

    check('pending ones are counted, in total and by prefix', async () => {
      await put(
        sampleRequest('r1', 'd1', { addressPrefix: '192.0.2.1' }),
        sampleRequest('r2', 'd2', { addressPrefix: '192.0.2.1' }),
        sampleRequest('r3', 'd3', { addressPrefix: '2001:db8::/64' }),
        ...SETTLED.map((state) => sampleRequest(state, 'd4', { state, addressPrefix: '192.0.2.1' })),
      )
      await store().transaction(async (tx) => {
        equal(await tx.countPending(), 3)
        equal(await tx.countPendingFrom('192.0.2.1'), 2)
        equal(await tx.countPendingFrom('2001:db8::/64'), 1)
        equal(await tx.countPendingFrom('192.0.2'), 0)
      })
    })

    check('those of one device are counted from a time on, settled ones too', async () => {
      await put(
        sampleRequest('r1', 'd1', { createdAtMs: 10 }),
        sampleRequest('r2', 'd1', { createdAtMs: 9, state: 'expired' }),
        sampleRequest('r3', 'd1', { createdAtMs: 11, state: 'superseded' }),
        sampleRequest('r4', 'd2', { createdAtMs: 11 }),
      )
      equal(await store().transaction((tx) => tx.countRequestsOf('d1', 10)), 2)
      equal(await store().transaction((tx) => tx.countRequestsOf('d3', 0)), 0)
    })

    check('pending ones expire at their time, not before', async () => {
      await put(
        sampleRequest('r1', 'd1', { expiresAtMs: 1_760_000_000_001 }),
        sampleRequest('r2', 'd2', { expiresAtMs: 1_760_000_000_000 }),
        sampleRequest('r3', 'd3', { expiresAtMs: 1_759_999_999_999 }),
        sampleRequest('r4', 'd4', { expiresAtMs: 1, state: 'approved' }),
      )
      const expired = await store().transaction((tx) => tx.expiredRequests(1_760_000_000_000))
      deepEqual(expired.map((request) => request.id).sort(), ['r2', 'r3'])
      deepEqual(
        expired.find((request) => request.id === 'r2'),
        sampleRequest('r2', 'd2', { expiresAtMs: 1_760_000_000_000 }),
      )
    })

    check('settled ones are deleted once they are old, pending ones never', async () => {
      const old = SETTLED.map((state) => sampleRequest(`old-${state}`, 'd1', { state, createdAtMs: 99 }))
      await put(
        ...old,
        sampleRequest('old-pending', 'd1', { createdAtMs: 1 }),
        sampleRequest('on-the-line', 'd1', { state: 'approved', createdAtMs: 100 }),
      )
      const forget = (states: readonly SettledState[]) =>
        store().transaction((tx) => tx.deleteSettledRequests(states, 100))
      equal(await forget(['superseded', 'expired']), 2)
      equal(await forget(['superseded', 'expired']), 0)
      equal(await forget(['approved', 'rejected']), 2)
      await store().transaction(async (tx) => {
        for (const { id } of old) equal(await tx.request(id), null)
        notEqual(await tx.request('old-pending'), null)
        notEqual(await tx.request('on-the-line'), null)
      })
    })
  })
}
