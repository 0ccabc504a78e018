import { sampleDevice, sampleGrant, sampleToken } from './samples.ts'
import { deepEqual, equal, rejectsWith } from './assertions.ts'
import type { ContractPart } from './contract-cases.ts'

export const recordContract: ContractPart = (store, { group, check }) => {
  group('settings', () => {
    check('are null until put, then what was put last', async () => {
      equal(await store().transaction((tx) => tx.setting('secret')), null)
      await store().transaction((tx) => tx.putSetting('secret', 'one'))
      await store().transaction((tx) => tx.putSetting('other', ''))
      await store().transaction((tx) => tx.putSetting('secret', 'zwei 💡'))
      equal(await store().transaction((tx) => tx.setting('secret')), 'zwei 💡')
      equal(await store().transaction((tx) => tx.setting('other')), '')
    })
  })

  group('devices', () => {
    check('come back whole, with unicode and quotes', async () => {
      await store().transaction((tx) => tx.putDevice(sampleDevice('d1')))
      deepEqual(await store().transaction((tx) => tx.device('d1')), sampleDevice('d1'))
      equal(await store().transaction((tx) => tx.device('d2')), null)
    })

    check('come back with every field null that may be', async () => {
      const names = {
        displayName: null,
        platform: null,
        deviceFamily: null,
        clientId: null,
        clientMode: null,
      }
      const bare = sampleDevice('d1', { ...names, lastSeenAtMs: null })
      await store().transaction((tx) => tx.putDevice(bare))
      deepEqual(await store().transaction((tx) => tx.device('d1')), bare)
    })

    check('are replaced in every field, and keep their grants and tokens', async () => {
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
        deepEqual(await tx.device('d1'), replacement)
        equal((await tx.grants('d1')).length, 1)
        equal((await tx.tokens('d1')).length, 1)
      })
    })

    check('are paged by id without gap or repetition', async () => {
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
      deepEqual(seen, [...ids].sort())
      deepEqual(await store().transaction((tx) => tx.devices({ limit: 1 })), [sampleDevice('0000')])
      deepEqual(await store().transaction((tx) => tx.devices({ after: '03e7', limit: 10 })), [])
    })

    check('are paged by when they were seen, those never seen by when they came', async () => {
      const seenAtMs = (n: number): number => 1000 + ((n * 13) % 40)
      const sorted = Array.from({ length: 100 }, (_, n) => n)
        .map((n) => ({ n, id: n.toString(16).padStart(4, '0') }))
        .sort((a, b) => seenAtMs(b.n) - seenAtMs(a.n) || (a.id > b.id ? -1 : 1))
      await store().transaction(async (tx) => {
        for (const { n, id } of sorted.toReversed()) {
          const times = n % 2 === 0 ? { lastSeenAtMs: seenAtMs(n), createdAtMs: 1 } : { lastSeenAtMs: null, createdAtMs: seenAtMs(n) } // prettier-ignore
          await tx.putDevice(sampleDevice(id, times))
        }
      })
      const listed: string[] = []
      let after: { seenAtMs: number; id: string } | undefined
      for (;;) {
        const page = await store().transaction((tx) => tx.devicesBySeen({ after, limit: 7 }))
        listed.push(...page.map((device) => device.id))
        const last = page.at(-1)
        if (last === undefined) break
        after = { seenAtMs: last.lastSeenAtMs ?? last.createdAtMs, id: last.id }
      }
      deepEqual(
        listed,
        sorted.map(({ id }) => id),
      )
    })

    check('are deleted with their grants and tokens, and nobody else’s', async () => {
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
        equal(await tx.device('d1'), null)
        await tx.putDevice(sampleDevice('d1'))
        deepEqual(await tx.grants('d1'), [])
        deepEqual(await tx.tokens('d1'), [])
        deepEqual(await tx.grants('d2'), [sampleGrant('d2')])
        deepEqual(await tx.tokens('d2'), [sampleToken('d2')])
      })
    })
  })

  group('grants', () => {
    check('come back whole, by role, via, age and id, and are replaced by id', async () => {
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
      deepEqual(await store().transaction((tx) => tx.grants('d1')), grants)
      deepEqual(await store().transaction((tx) => tx.grants('d2')), [])
    })

    check('are deleted one by one', async () => {
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        for (const id of ['g1', 'g2', 'g3']) await tx.putGrant(sampleGrant('d1', { id }))
        await tx.deleteGrant('g2')
        await tx.deleteGrant('unknown')
        deepEqual(
          (await tx.grants('d1')).map((grant) => grant.id),
          ['g1', 'g3'],
        )
      })
    })

    check('are deleted once they ended before a time', async () => {
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putGrant(sampleGrant('d1', { id: 'over', expiresAtMs: 9 }))
        await tx.putGrant(sampleGrant('d1', { id: 'on-the-line', expiresAtMs: 10 }))
        await tx.putGrant(sampleGrant('d1', { id: 'for-good', expiresAtMs: null }))
        await tx.deleteExpiredGrants(10)
        deepEqual(
          (await tx.grants('d1')).map((grant) => grant.id),
          ['for-good', 'on-the-line'],
        )
      })
    })

    check('silent ones are found by their age, over all devices; owners’ are seen', async () => {
      await store().transaction(async (tx) => {
        for (const id of ['d2', 'd1']) await tx.putDevice(sampleDevice(id))
        equal(await tx.hasOwnerGrants(), false)
        const silent = { via: 'silent', grantedAtMs: 10 } as const
        await tx.putGrant(sampleGrant('d2', { id: 'a', ...silent }))
        await tx.putGrant(sampleGrant('d1', { id: 'c', ...silent }))
        await tx.putGrant(sampleGrant('d1', { id: 'b', ...silent, grantedAtMs: 11 }))
        await tx.putGrant(sampleGrant('d1', { id: 'd', ...silent, grantedAtMs: 9 }))
        equal(await tx.hasOwnerGrants(), false)
        await tx.putGrant(sampleGrant('d1', { id: 'e', grantedAtMs: 11 }))
        equal(await tx.hasOwnerGrants(), true)
        deepEqual(
          (await tx.silentGrantsSince(10)).map((grant) => grant.id),
          ['c', 'a', 'b'],
        )
        deepEqual(await tx.silentGrantsSince(12), [])
      })
    })

    check('need their device', async () => {
      const orphan = store().transaction((tx) => tx.putGrant(sampleGrant('d1')))
      await rejectsWith(orphan, { name: 'LatchkeyError', code: 'NOT_FOUND' })
    })
  })

  group('tokens', () => {
    check('are one per device and role, by role', async () => {
      const tokens = [sampleToken('d1', { role: 'node', hash: 'n' }), sampleToken('d1')]
      await store().transaction(async (tx) => {
        await tx.putDevice(sampleDevice('d1'))
        await tx.putToken(sampleToken('d1', { hash: 'old', issuedAtMs: 1 }))
        for (const token of [...tokens].reverse()) await tx.putToken(token)
        deepEqual(await tx.tokens('d1'), tokens)
        await tx.deleteToken('d1', 'node')
        await tx.deleteToken('d1', 'unknown')
        deepEqual(await tx.tokens('d1'), [sampleToken('d1')])
      })
    })

    check('need their device', async () => {
      const orphan = store().transaction((tx) => tx.putToken(sampleToken('d1')))
      await rejectsWith(orphan, { name: 'LatchkeyError', code: 'NOT_FOUND' })
    })
  })
}
