import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { nodeContract } from './node-contract.ts'
import { ownerContract } from './owner-contract.ts'
import { requestContract } from './request-contract.ts'
import { sampleDevice, sampleGrant, sampleToken } from './samples.ts'
import { transactionContract } from './transaction-contract.ts'

/** What the port promises, for every store. `open` gives an empty store; the suite closes it. */
export function pairingStoreContract(name: string, open: () => Promise<PairingStore>): void {
  describe(`${name} keeps the contract of PairingStore`, () => {
    let store: PairingStore
    beforeEach(async () => void (store = await open()))
    afterEach(() => store.close())

    recordContract(() => store)
    requestContract(() => store)
    ownerContract(() => store)
    nodeContract(() => store)
    transactionContract(() => store)
  })
}

function recordContract(store: () => PairingStore): void {
  describe('settings', () => {
    test('are null until put, then what was put last', async () => {
      expect(await store().transaction((tx) => tx.setting('secret'))).toBeNull()
      await store().transaction((tx) => tx.putSetting('secret', 'one'))
      await store().transaction((tx) => tx.putSetting('other', ''))
      await store().transaction((tx) => tx.putSetting('secret', 'zwei 💡'))
      expect(await store().transaction((tx) => tx.setting('secret'))).toBe('zwei 💡')
      expect(await store().transaction((tx) => tx.setting('other'))).toBe('')
    })
  })

  describe('devices', () => {
    test('come back whole, with unicode and quotes', async () => {
      await store().transaction((tx) => tx.putDevice(sampleDevice('d1')))
      expect(await store().transaction((tx) => tx.device('d1'))).toEqual(sampleDevice('d1'))
      expect(await store().transaction((tx) => tx.device('d2'))).toBeNull()
    })

    test('come back with every field null that may be', async () => {
      const names = {
        displayName: null,
        platform: null,
        deviceFamily: null,
        clientId: null,
        clientMode: null,
      }
      const bare = sampleDevice('d1', { ...names, lastSeenAtMs: null })
      await store().transaction((tx) => tx.putDevice(bare))
      expect(await store().transaction((tx) => tx.device('d1'))).toEqual(bare)
    })

    test('are replaced in every field, and keep their grants and tokens', async () => {
      const changed = {
        ...sampleDevice('d1'),
        publicKey: 'k2',
        displayName: null,
        platform: 'p',
        deviceFamily: 'f',
      }
      const replacement = { ...changed, clientId: null, clientMode: 'm', createdAtMs: 7, lastSeenAtMs: 8 }
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1'))
        await tx.putToken(sampleToken('d1'))
        await tx.putDevice(replacement)
        expect(await tx.device('d1')).toEqual(replacement)
        expect(await tx.grants('d1')).toHaveLength(1)
        expect(await tx.tokens('d1')).toHaveLength(1)
      })
    })

    test('are paged by id without gap or repetition', async () => {
      const ids = Array.from({ length: 1000 }, (_, n) => ((n * 7919) % 1000).toString(16).padStart(4, '0'))
      await store().transaction(async (tx) => {
        for (const id of ids) await tx.putDevice(sampleDevice(id))
      })
      const seen: string[] = []
      for (let after: string | undefined; ; after = seen.at(-1)) {
        const page = await store().transaction((tx) => tx.devices({ after, limit: 64 }))
        seen.push(...page.map((device) => device.id))
        if (page.length < 64) break
      }
      expect(seen).toEqual([...ids].sort())
      expect(await store().transaction((tx) => tx.devices({ limit: 1 }))).toEqual([sampleDevice('0000')])
      expect(await store().transaction((tx) => tx.devices({ after: '03e7', limit: 10 }))).toEqual([])
    })

    test('are deleted with their grants and tokens, and nobody else’s', async () => {
      await store().transaction(async (tx) => {
        for (const id of ['d1', 'd2']) {
          await tx.putDevice(sampleDevice(id))
          await tx.putGrant(sampleGrant(id))
          await tx.putToken(sampleToken(id))
        }
        await tx.deleteDevice('d1')
        await tx.deleteDevice('unknown')
      })
      await store().transaction(async (tx) => {
        expect(await tx.device('d1')).toBeNull()
        await tx.putDevice(sampleDevice('d1'))
        expect(await tx.grants('d1')).toEqual([])
        expect(await tx.tokens('d1')).toEqual([])
        expect(await tx.grants('d2')).toEqual([sampleGrant('d2')])
        expect(await tx.tokens('d2')).toEqual([sampleToken('d2')])
      })
    })
  })

  describe('grants', () => {
    test('come back whole, by role, via, age and id, and are replaced by id', async () => {
      const bare = { approvedBy: null, origin: null, fromAddress: null, expiresAtMs: null }
      const grants = [
        sampleGrant('d1', { id: 'g5', role: 'node', via: 'owner', scopes: [] }),
        sampleGrant('d1', { id: 'g4', role: 'node', via: 'silent', ...bare }),
        sampleGrant('d1', { id: 'g9', role: 'operator', via: 'owner', grantedAtMs: 1 }),
        sampleGrant('d1', { id: 'g1', role: 'operator', via: 'owner', grantedAtMs: 2 }),
        sampleGrant('d1', { id: 'g2', role: 'operator', via: 'owner', grantedAtMs: 2 }),
        sampleGrant('d1', { id: 'g3', role: 'operator', via: 'silent', localityReason: 'local' }),
      ]
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        for (const grant of [...grants].reverse()) await tx.putGrant({ ...grant, scopes: ['x'] })
        for (const grant of grants) await tx.putGrant(grant)
      })
      expect(await store().transaction((tx) => tx.grants('d1'))).toEqual(grants)
      expect(await store().transaction((tx) => tx.grants('d2'))).toEqual([])
    })

    test('are deleted one by one', async () => {
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        for (const id of ['g1', 'g2', 'g3']) await tx.putGrant(sampleGrant('d1', { id }))
        await tx.deleteGrant('g2')
        await tx.deleteGrant('unknown')
        expect((await tx.grants('d1')).map((grant) => grant.id)).toEqual(['g1', 'g3'])
      })
    })

    test('are deleted once they ended before a time', async () => {
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1', { id: 'over', expiresAtMs: 9 }))
        await tx.putGrant(sampleGrant('d1', { id: 'on-the-line', expiresAtMs: 10 }))
        await tx.putGrant(sampleGrant('d1', { id: 'for-good', expiresAtMs: null }))
        await tx.deleteExpiredGrants(10)
        expect((await tx.grants('d1')).map((grant) => grant.id)).toEqual(['for-good', 'on-the-line'])
      })
    })

    test('silent ones are found by their age, over all devices; owners’ are seen', async () => {
      await store().transaction(async (tx) => {
        for (const id of ['d2', 'd1']) await tx.putDevice(sampleDevice(id))
        expect(await tx.hasOwnerGrants()).toBe(false)
        const silent = { via: 'silent', grantedAtMs: 10 } as const
        await tx.putGrant(sampleGrant('d2', { id: 'a', ...silent }))
        await tx.putGrant(sampleGrant('d1', { id: 'c', ...silent }))
        await tx.putGrant(sampleGrant('d1', { id: 'b', ...silent, grantedAtMs: 11 }))
        await tx.putGrant(sampleGrant('d1', { id: 'd', ...silent, grantedAtMs: 9 }))
        expect(await tx.hasOwnerGrants()).toBe(false)
        await tx.putGrant(sampleGrant('d1', { id: 'e', grantedAtMs: 11 }))
        expect(await tx.hasOwnerGrants()).toBe(true)
        expect((await tx.silentGrantsSince(10)).map((grant) => grant.id)).toEqual(['c', 'a', 'b'])
        expect(await tx.silentGrantsSince(12)).toEqual([])
      })
    })

    test('need their device', async () => {
      const orphan = store().transaction((tx) => tx.putGrant(sampleGrant('d1')))
      await expect(orphan).rejects.toMatchObject({ name: 'LatchkeyError', code: 'NOT_FOUND' })
    })
  })

  describe('tokens', () => {
    test('are one per device and role, by role', async () => {
      const tokens = [sampleToken('d1', { role: 'node', hash: 'n' }), sampleToken('d1')]
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putToken(sampleToken('d1', { hash: 'old', issuedAtMs: 1 }))
        for (const token of [...tokens].reverse()) await tx.putToken(token)
        expect(await tx.tokens('d1')).toEqual(tokens)
        await tx.deleteToken('d1', 'node')
        await tx.deleteToken('d1', 'unknown')
        expect(await tx.tokens('d1')).toEqual([sampleToken('d1')])
      })
    })

    test('need their device', async () => {
      const orphan = store().transaction((tx) => tx.putToken(sampleToken('d1')))
      await expect(orphan).rejects.toMatchObject({ name: 'LatchkeyError', code: 'NOT_FOUND' })
    })
  })
}
