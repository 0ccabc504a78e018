import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { PairingStore, PairingTransaction } from '../../lib/pairing/pairing-store.ts'
import {
  sampleAuditEntry,
  sampleDevice,
  sampleGrant,
  sampleInvite,
  sampleRequest,
  sampleToken,
} from './samples.ts'

export function transactionContract(store: () => PairingStore): void {
  const total = async (tx: PairingTransaction) => Number((await tx.setting('total')) ?? 0)
  const readTotal = () => store().transaction(total)

  describe('transactions', () => {
    test('hand over what the work returns', async () => {
      expect(await store().transaction(() => Promise.resolve({ answer: 42 }))).toEqual({ answer: 42 })
    })

    test('have one time, from the first operation to the last', async () => {
      await store().transaction(async (tx) => {
        const first = await tx.nowMs()
        await sleep(20)
        await tx.putSetting('total', '1')
        expect(await tx.nowMs()).toBe(first)
        // A store that has no clock says so; one that is shared must have one.
        if (store().isShared === true) expect(first).toEqual(expect.any(Number))
        else expect(first).toBeNull()
      })
    })

    test('a hundred parallel increments lose nothing', async () => {
      const increment = () =>
        store().transaction(async (tx) => {
          const before = await total(tx)
          await sleep(Math.random() * 2)
          await tx.putSetting('total', String(before + 1))
        })
      await Promise.all(Array.from({ length: 100 }, increment))
      expect(await readTotal()).toBe(100)
    })

    test('run in the order in which they were asked for, never two at once', async () => {
      const log: number[] = []
      const work = (n: number) =>
        store().transaction(async () => {
          log.push(n)
          await sleep(3)
          log.push(n)
        })
      await Promise.all([work(1), work(2), work(3)])
      expect(log).toEqual([1, 1, 2, 2, 3, 3])
    })

    test('see what they have written themselves, and nobody else before the commit', async () => {
      await store().transaction(async (tx) => {
        await tx.putSetting('total', '7')
        expect(await total(tx)).toBe(7)
      })
      const writing = store().transaction(async (tx) => {
        await tx.putSetting('total', '8')
        await sleep(10)
        await tx.putSetting('total', '9')
      })
      const reading = readTotal()
      await writing
      expect(await reading).toBe(9)
    })

    test('roll back every kind of change, and reject with the very same error', async () => {
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
      await expect(failing).rejects.toBe(failure)
      await store().transaction(async (tx) => {
        expect(await total(tx)).toBe(1)
        expect(await tx.devices({ limit: 9 })).toEqual([sampleDevice('d1')])
        expect(await tx.grants('d1')).toEqual([sampleGrant('d1')])
        expect(await tx.tokens('d1')).toEqual([sampleToken('d1')])
        expect(await tx.pendingRequests(9)).toEqual([sampleRequest('r1', 'd1')])
        expect((await tx.request('r2'))?.state).toBe('expired')
        expect(await tx.request('r3')).toBeNull()
        expect(await tx.invites()).toEqual([])
        expect(await tx.ignoredDevices()).toEqual([])
        expect(await tx.lastAuditEntry()).toBeNull()
        expect(await tx.events({ after: 0, limit: 9 })).toEqual([])
      })
    })

    test('do not take an error of the work for one of the store', async () => {
      for (const code of ['EACCES', 'SQLITE_FULL']) {
        const failure = Object.assign(new Error('the work could not open a file'), { code, syscall: 'open' })
        failure.name = 'SqliteError'
        await expect(store().transaction(() => Promise.reject(failure))).rejects.toBe(failure)
      }
    })

    test('go on after one that failed', async () => {
      const failing = store().transaction(() => Promise.reject(new Error('no')))
      const following = store().transaction((tx) => tx.putSetting('total', '3'))
      await expect(failing).rejects.toThrow('no')
      await following
      expect(await readTotal()).toBe(3)
    })

    test('commit nothing after an operation failed, even when the work carries on', async () => {
      const stubborn = store().transaction(async (tx) => {
        await tx.putSetting('total', '4')
        await tx.putGrant(sampleGrant('nobody')).catch(() => undefined)
        await tx.putSetting('total', '5').catch(() => undefined)
      })
      await expect(stubborn).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await readTotal()).toBe(0)
    })

    test('include operations that the work did not wait for', async () => {
      await store().transaction((tx) => {
        void tx.putSetting('total', '6')
        return Promise.resolve()
      })
      expect(await readTotal()).toBe(6)
    })

    test('refuse operations after their end', async () => {
      const leaked = await store().transaction((tx) => Promise.resolve({ tx }))
      await expect(leaked.tx.putSetting('total', '1')).rejects.toMatchObject({ code: 'STORE_CLOSED' })
      expect(await readTotal()).toBe(0)
    })

    test('refuse to be nested instead of waiting for ever', async () => {
      const nested = store().transaction(() => readTotal())
      await expect(nested).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', details: { retryable: false } })
      const closing = store().transaction(() => store().close())
      await expect(closing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(await readTotal()).toBe(0)
    })

    test('share no object with the caller', async () => {
      const scopes = ['operator.read']
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1', { scopes }))
      })
      scopes.push('operator.admin')
      const [grant] = await store().transaction((tx) => tx.grants('d1'))
      expect(grant?.scopes).toEqual(['operator.read'])
      ;(grant?.scopes as string[]).push('operator.admin')
      expect((await store().transaction((tx) => tx.grants('d1')))[0]?.scopes).toEqual(['operator.read'])
    })
  })

  describe('closing', () => {
    test('waits for what was accepted, refuses what comes later, and can be repeated', async () => {
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
      await expect(late).rejects.toMatchObject({ name: 'LatchkeyError', code: 'STORE_CLOSED' })
      await Promise.all([slow, closing, store().close()])
      expect(log).toEqual(['committed', 'closed'])
      await store().close()
      await expect(readTotal()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
    })
  })
}
