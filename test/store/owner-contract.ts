import { describe, expect, test } from '@jest/globals'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { sampleAuditEntry, sampleInvite } from './samples.ts'

/** What the port promises of ignored keys, invitations, the audit log and events. */
export function ownerContract(store: () => PairingStore): void {
  describe('ignored devices', () => {
    test('come back whole, by id, until they are deleted', async () => {
      const one = { deviceId: 'd1', displayName: '设备', ignoredBy: 'owner', ignoredAtMs: 1_760_000_000_123 }
      const two = { ...one, deviceId: 'd2', displayName: null }
      await store().transaction(async (tx) => {
        await tx.putIgnored(two)
        await tx.putIgnored({ ...one, ignoredAtMs: 5 })
        await tx.putIgnored(one)
        expect(await tx.ignored('d1')).toEqual(one)
        expect(await tx.ignored('d3')).toBeNull()
        expect(await tx.ignoredDevices()).toEqual([one, two])
        await tx.deleteIgnored('d1')
        expect(await tx.ignoredDevices()).toEqual([two])
      })
    })
  })

  describe('invitations', () => {
    test('come back whole, by id and by token, oldest first, and are replaced by id', async () => {
      const unused = { label: null, silentHost: null, isFirstOwner: false, usedBy: null, usedAtMs: null }
      const invites = [
        sampleInvite('i2', { createdAtMs: 1 }),
        sampleInvite('i1', { createdAtMs: 2, ...unused }),
        sampleInvite('i3', { createdAtMs: 2 }),
      ]
      await store().transaction(async (tx) => {
        for (const invite of invites) await tx.putInvite({ ...invite, usedBy: 'x', expiresAtMs: 1 })
        for (const invite of [...invites].reverse()) await tx.putInvite(invite)
        expect(await tx.invites()).toEqual(invites)
        expect(await tx.invite('i1')).toEqual(invites[1])
        expect(await tx.inviteByToken('hash-of-i3')).toEqual(invites[2])
        expect(await tx.invite('i4')).toBeNull()
        expect(await tx.inviteByToken('i1')).toBeNull()
        await tx.deleteInvite('i1')
        expect(await tx.inviteByToken('hash-of-i1')).toBeNull()
      })
    })
  })

  describe('the audit log', () => {
    test('hands entries back whole and in order, from any place on', async () => {
      const entries = [1, 2, 3].map((seq) => sampleAuditEntry(seq, seq === 2 ? { deviceId: null } : {}))
      await store().transaction(async (tx) => {
        expect(await tx.lastAuditEntry()).toBeNull()
        for (const entry of entries) await tx.addAuditEntry(entry)
        expect(await tx.lastAuditEntry()).toEqual(entries[2])
        expect(await tx.auditEntries({ after: 0, limit: 9 })).toEqual(entries)
        expect(await tx.auditEntries({ after: 1, limit: 1 })).toEqual([entries[1]])
        expect(await tx.auditEntries({ after: 3, limit: 9 })).toEqual([])
      })
    })

    test('refuses to replace an entry', async () => {
      await store().transaction((tx) => tx.addAuditEntry(sampleAuditEntry(1)))
      const again = store().transaction((tx) => tx.addAuditEntry(sampleAuditEntry(1, { actor: 'x' })))
      await expect(again).rejects.toMatchObject({ name: 'LatchkeyError', code: 'INVALID_REQUEST' })
      expect(await store().transaction((tx) => tx.lastAuditEntry())).toEqual(sampleAuditEntry(1))
    })
  })

  describe('events', () => {
    test('are numbered in the order of the commits, also after the old ones were deleted', async () => {
      const add = (payload: string, atMs = 7) =>
        store().transaction((tx) => tx.addEvent({ atMs, node: 'n1', payload }))
      expect(await store().transaction((tx) => tx.lastEventSeq())).toBe(0)
      expect([await add('a'), await add('b'), await add('c')]).toEqual([1, 2, 3])
      await store().transaction(async (tx) => {
        expect(await tx.events({ after: 1, limit: 1 })).toEqual([
          { seq: 2, atMs: 7, node: 'n1', payload: 'b' },
        ])
        expect(await tx.lastEventSeq()).toBe(3)
        expect(await tx.deleteEvents({ upTo: 2, beforeMs: 8 })).toBe(2)
        expect((await tx.events({ after: 0, limit: 9 })).map((event) => event.seq)).toEqual([3])
        expect(await tx.deleteEvents({ upTo: 3, beforeMs: 8 })).toBe(0)
      })
      expect(await add('d')).toBe(4)
      const left = await store().transaction((tx) => tx.events({ after: 3, limit: 9 }))
      expect(left).toEqual([{ seq: 4, atMs: 7, node: 'n1', payload: 'd' }])
    })

    test('are deleted by their age, as far as one is old enough', async () => {
      await store().transaction(async (tx) => {
        // The clock of a node may be behind.
        for (const atMs of [10, 9, 12, 11, 20, 21]) await tx.addEvent({ atMs, node: 'n1', payload: '{}' })
        expect(await tx.deleteEvents({ upTo: 6, beforeMs: 9 })).toBe(0)
        expect(await tx.deleteEvents({ upTo: 1, beforeMs: 20 })).toBe(1)
        expect(await tx.deleteEvents({ upTo: 6, beforeMs: 12 })).toBe(4)
        expect((await tx.events({ after: 0, limit: 9 })).map((event) => event.seq)).toEqual([5, 6])
        expect(await tx.deleteEvents({ upTo: 6, beforeMs: 100 })).toBe(5)
      })
    })
  })
}
