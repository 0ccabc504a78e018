import { setTimeout as sleep } from 'node:timers/promises'
import type { PairingTransaction } from '../../pairing/pairing-store.ts'
import {
  sampleAuditEntry,
  sampleDevice,
  sampleGrant,
  sampleInvite,
  sampleRequest,
  sampleToken,
} from './samples.ts'
import { deepEqual, equal, rejectsWith, rejectsWithItself } from './assertions.ts'
import type { ContractPart } from './contract-cases.ts'

export const transactionContract: ContractPart = (store, { group, check }) => {
  const total = async (tx: PairingTransaction) => Number((await tx.setting('total')) ?? 0)
  const readTotal = () => store().transaction(total)

  group('transactions', () => {
    check('hand over what the work returns', async () => {
      deepEqual(await store().transaction(() => Promise.resolve({ answer: 42 })), { answer: 42 })
    })

    check('have one time, from the first operation to the last', async () => {
      await store().transaction(async (tx) => {
        const first = await tx.nowMs()
        await sleep(20)
        await tx.putSetting('total', '1')
        equal(await tx.nowMs(), first)
        // A store that has no clock says so; one that is shared must have one.
        if (store().isShared === true) equal(typeof first, 'number')
        else equal(first, null)
      })
    })

    check('a hundred parallel increments lose nothing', async () => {
      const increment = () =>
        store().transaction(async (tx) => {
          const before = await total(tx)
          await sleep(Math.random() * 2)
          await tx.putSetting('total', String(before + 1))
        })
      await Promise.all(Array.from({ length: 100 }, increment))
      equal(await readTotal(), 100)
    })

    check('run in the order in which they were asked for, never two at once', async () => {
      const log: number[] = []
      const work = (n: number) =>
        store().transaction(async () => {
          log.push(n)
          await sleep(3)
          log.push(n)
        })
      await Promise.all([work(1), work(2), work(3)])
      deepEqual(log, [1, 1, 2, 2, 3, 3])
    })

    check('see what they have written themselves, and nobody else before the commit', async () => {
      await store().transaction(async (tx) => {
        await tx.putSetting('total', '7')
        equal(await total(tx), 7)
      })
      const writing = store().transaction(async (tx) => {
        await tx.putSetting('total', '8')
        await sleep(10)
        await tx.putSetting('total', '9')
      })
      const reading = readTotal()
      await writing
      equal(await reading, 9)
    })

    check('roll back every kind of change, and reject with the very same error', async () => {
      const before = async (tx: PairingTransaction) => {
        await tx.putSetting('total', '1')
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1'))
        await tx.putToken(sampleToken('d1'))
        await tx.putRequest(sampleRequest('r1', 'd1'))
        await tx.putRequest(sampleRequest('r2', 'd1', { state: 'expired' }))
      }
      await store().transaction(before)
      const failure = new TypeError('the work changed its mind')
      const failing = store().transaction(async (tx) => {
        await tx.putSetting('total', '2')
        await tx.deleteSettledRequests(['expired'], 2 ** 50)
        await tx.putRequest(sampleRequest('r1', 'd1', { state: 'approved' }))
        await tx.putRequest(sampleRequest('r3', 'd1'))
        await tx.deleteGrant('grant-of-d1')
        await tx.putInvite(sampleInvite('i1'))
        await tx.putIgnored({ deviceId: 'd1', displayName: null, ignoredBy: 'o', ignoredAtMs: 1 })
        await tx.addAuditEntry(sampleAuditEntry(1))
        await tx.addEvent({ atMs: 1, node: 'node', payload: '{}' })
        await tx.deleteToken('d1', 'operator')
        await tx.deleteDevice('d1')
        await tx.putDevice(sampleDevice('d2'))
        throw failure
      })
      await rejectsWithItself(failing, failure)
      await store().transaction(async (tx) => {
        equal(await total(tx), 1)
        deepEqual(await tx.devices({ limit: 9 }), [sampleDevice('d1')])
        deepEqual(await tx.grants('d1'), [sampleGrant('d1')])
        deepEqual(await tx.tokens('d1'), [sampleToken('d1')])
        deepEqual(await tx.pendingRequests(9), [sampleRequest('r1', 'd1')])
        equal((await tx.request('r2'))?.state, 'expired')
        equal(await tx.request('r3'), null)
        deepEqual(await tx.invites(), [])
        deepEqual(await tx.ignoredDevices(), [])
        equal(await tx.lastAuditEntry(), null)
        deepEqual(await tx.events({ after: 0, limit: 9 }), [])
      })
    })

    check('do not take an error of the work for one of the store', async () => {
      for (const code of ['EACCES', 'SQLITE_FULL']) {
        const failure = Object.assign(new Error('the work could not open a file'), { code, syscall: 'open' })
        failure.name = 'SqliteError'
        await rejectsWithItself(
          store().transaction(() => Promise.reject(failure)),
          failure,
        )
      }
    })

    check('go on after one that failed', async () => {
      const failing = store().transaction(() => Promise.reject(new Error('no')))
      const following = store().transaction((tx) => tx.putSetting('total', '3'))
      await rejectsWith(failing, { message: 'no' })
      await following
      equal(await readTotal(), 3)
    })

    check('commit nothing after an operation failed, even when the work carries on', async () => {
      const stubborn = store().transaction(async (tx) => {
        await tx.putSetting('total', '4')
        await tx.putGrant(sampleGrant('nobody')).catch(() => undefined)
        await tx.putSetting('total', '5').catch(() => undefined)
      })
      await rejectsWith(stubborn, { code: 'NOT_FOUND' })
      equal(await readTotal(), 0)
    })

    check('include operations that the work did not wait for', async () => {
      await store().transaction((tx) => {
        void tx.putSetting('total', '6')
        return Promise.resolve()
      })
      equal(await readTotal(), 6)
    })

    check('refuse operations after their end', async () => {
      const leaked = await store().transaction((tx) => Promise.resolve({ tx }))
      await rejectsWith(leaked.tx.putSetting('total', '1'), { code: 'STORE_CLOSED' })
      equal(await readTotal(), 0)
    })

    check('refuse to be nested instead of waiting for ever', async () => {
      const nested = store().transaction(() => readTotal())
      await rejectsWith(nested, { code: 'STORE_UNAVAILABLE', details: { retryable: false } })
      const closing = store().transaction(() => store().close())
      await rejectsWith(closing, { code: 'STORE_UNAVAILABLE' })
      equal(await readTotal(), 0)
    })

    check('share no object with the caller', async () => {
      const scopes = ['operator.read']
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1', { scopes }))
      })
      scopes.push('operator.admin')
      const [grant] = await store().transaction((tx) => tx.grants('d1'))
      deepEqual(grant?.scopes, ['operator.read'])
      ;(grant?.scopes as string[]).push('operator.admin')
      deepEqual((await store().transaction((tx) => tx.grants('d1')))[0]?.scopes, ['operator.read'])
    })
  })

  group('closing', () => {
    check('waits for what was accepted, refuses what comes later, and can be repeated', async () => {
      const log: string[] = []
      const slow = store().transaction(async (tx) => {
        await sleep(20)
        await tx.putSetting('total', '1')
        log.push('committed')
      })
      const closing = store()
        .close()
        .then(() => log.push('closed'))
      const late = store().transaction(() => Promise.resolve())
      await rejectsWith(late, { name: 'LatchkeyError', code: 'STORE_CLOSED' })
      await Promise.all([slow, closing, store().close()])
      deepEqual(log, ['committed', 'closed'])
      await store().close()
      await rejectsWith(readTotal(), { code: 'STORE_CLOSED' })
    })
  })
}
