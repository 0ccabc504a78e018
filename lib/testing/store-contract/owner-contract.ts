import { sampleAuditEntry, sampleInvite } from './samples.ts'
import { deepEqual, equal, rejectsWith } from './assertions.ts'
import type { ContractPart } from './contract-cases.ts'

/** What the port promises of ignored keys, invitations, the audit log and events. */
export const ownerContract: ContractPart = (store, { group, check }) => {
  group('ignored devices', () => {
    check('come back whole, by id, until they are deleted', async () => {
      const one = { deviceId: 'd1', displayName: '设备', ignoredBy: 'owner', ignoredAtMs: 1_760_000_000_123 }
      const two = { ...one, deviceId: 'd2', displayName: null }
      await store().transaction(async (tx) => {
        await tx.putIgnored(two)
        await tx.putIgnored({ ...one, ignoredAtMs: 5 })
        await tx.putIgnored(one)
        deepEqual(await tx.ignored('d1'), one)
        equal(await tx.ignored('d3'), null)
        deepEqual(await tx.ignoredDevices(), [one, two])
        await tx.deleteIgnored('d1')
        deepEqual(await tx.ignoredDevices(), [two])
      })
    })
  })

  group('invitations', () => {
    check('come back whole, by id and by token, oldest first, and are replaced by id', async () => {
      const unused = { label: null, silentHost: null, isFirstOwner: false, usedBy: null, usedAtMs: null }
      const invites = [
        sampleInvite('i2', { createdAtMs: 1 }),
        sampleInvite('i1', { createdAtMs: 2, ...unused }),
        sampleInvite('i3', { createdAtMs: 2 }),
      ]
      await store().transaction(async (tx) => {
        for (const invite of invites) await tx.putInvite({ ...invite, usedBy: 'x', expiresAtMs: 1 })
        for (const invite of [...invites].reverse()) await tx.putInvite(invite)
        deepEqual(await tx.invites(), invites)
        deepEqual(await tx.invite('i1'), invites[1])
        deepEqual(await tx.inviteByToken('hash-of-i3'), invites[2])
        equal(await tx.invite('i4'), null)
        equal(await tx.inviteByToken('i1'), null)
        await tx.deleteInvite('i1')
        equal(await tx.inviteByToken('hash-of-i1'), null)
      })
    })
  })

  group('the audit log', () => {
    check('hands entries back whole and in order, from any place on', async () => {
      const entries = [1, 2, 3].map((seq) => sampleAuditEntry(seq, seq === 2 ? { deviceId: null } : {}))
      await store().transaction(async (tx) => {
        equal(await tx.lastAuditEntry(), null)
        for (const entry of entries) await tx.addAuditEntry(entry)
        deepEqual(await tx.lastAuditEntry(), entries[2])
        deepEqual(await tx.auditEntries({ after: 0, limit: 9 }), entries)
        deepEqual(await tx.auditEntries({ after: 1, limit: 1 }), [entries[1]])
        deepEqual(await tx.auditEntries({ after: 3, limit: 9 }), [])
      })
    })

    check('refuses to replace an entry', async () => {
      await store().transaction((tx) => tx.addAuditEntry(sampleAuditEntry(1)))
      const again = store().transaction((tx) => tx.addAuditEntry(sampleAuditEntry(1, { actor: 'x' })))
      await rejectsWith(again, { name: 'LatchkeyError', code: 'INVALID_REQUEST' })
      deepEqual(await store().transaction((tx) => tx.lastAuditEntry()), sampleAuditEntry(1))
    })
  })

  group('events', () => {
    check('are numbered in the order of the commits, also after the old ones were deleted', async () => {
      const add = (payload: string, atMs = 7) =>
        store().transaction((tx) => tx.addEvent({ atMs, node: 'n1', payload }))
      equal(await store().transaction((tx) => tx.lastEventSeq()), 0)
      deepEqual([await add('a'), await add('b'), await add('c')], [1, 2, 3])
      await store().transaction(async (tx) => {
        deepEqual(await tx.events({ after: 1, limit: 1 }), [{ seq: 2, atMs: 7, node: 'n1', payload: 'b' }])
        equal(await tx.lastEventSeq(), 3)
        equal(await tx.deleteEvents({ upTo: 2, beforeMs: 8 }), 2)
        deepEqual(
          (await tx.events({ after: 0, limit: 9 })).map((event) => event.seq),
          [3],
        )
        equal(await tx.deleteEvents({ upTo: 3, beforeMs: 8 }), 0)
      })
      equal(await add('d'), 4)
      const left = await store().transaction((tx) => tx.events({ after: 3, limit: 9 }))
      deepEqual(left, [{ seq: 4, atMs: 7, node: 'n1', payload: 'd' }])
    })

    check('are deleted by their age, as far as one is old enough', async () => {
      await store().transaction(async (tx) => {
        // The clock of a node may be behind.
        for (const atMs of [10, 9, 12, 11, 20, 21]) await tx.addEvent({ atMs, node: 'n1', payload: '{}' })
        equal(await tx.deleteEvents({ upTo: 6, beforeMs: 9 }), 0)
        equal(await tx.deleteEvents({ upTo: 1, beforeMs: 20 }), 1)
        equal(await tx.deleteEvents({ upTo: 6, beforeMs: 12 }), 4)
        deepEqual(
          (await tx.events({ after: 0, limit: 9 })).map((event) => event.seq),
          [5, 6],
        )
        equal(await tx.deleteEvents({ upTo: 6, beforeMs: 100 }), 5)
      })
    })
  })
}
