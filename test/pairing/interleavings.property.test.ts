import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { memoryStore } from '../../lib/store/memory-store.ts'
import { chainProblem } from './chain-problem.ts'
import { HOST } from './on-each-store.ts'
import { attemptOf, deviceIdOf, LIMITS, serviceFixture, type Fixture } from './service-fixture.ts'
import { remoteVerdict } from './verdicts.ts'

/** The memory store, whose transactions begin and end when the scheduler says. */
function scheduledStore(scheduler: fc.Scheduler, inner: PairingStore): PairingStore {
  let count = 0
  return {
    transaction: async (work) => {
      count += 1
      await scheduler.schedule(Promise.resolve(), `begin ${count}`)
      const result = await inner.transaction(work)
      await scheduler.schedule(Promise.resolve(), `end ${count}`)
      return result
    },
    close: () => inner.close(),
  }
}

/** Runs calls at the same time, in every order that the scheduler finds. */
async function interleave(
  scheduler: fc.Scheduler,
  prepare: (fixture: Fixture) => Promise<void>,
  calls: (fixture: Fixture) => Promise<unknown>[],
): Promise<{ store: PairingStore; outcomes: PromiseSettledResult<unknown>[] }> {
  const store = memoryStore()
  await prepare(serviceFixture(store))
  const roomy = { ...LIMITS, maxPendingPerPrefix: 100 }
  const all = Promise.allSettled(calls(serviceFixture(scheduledStore(scheduler, store), {}, roomy)))
  await scheduler.waitFor(all)
  return { store, outcomes: await all }
}

const scopesOf = async (store: PairingStore, device: string): Promise<string[]> =>
  (await store.transaction((tx) => tx.grants(deviceIdOf(device)))).flatMap((grant) => grant.scopes)
const audit = (store: PairingStore) => store.transaction((tx) => tx.auditEntries({ after: 0, limit: 1000 }))

test('threat 2: what the device adds while the owner approves is never granted with it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.boolean(), async (scheduler, namesDigest) => {
      let shown = { id: '', digest: '' }
      const { store, outcomes } = await interleave(
        scheduler,
        async ({ request }) => {
          shown = await request('phone', 'operator', ['operator.read'])
        },
        ({ service, connect }) => [
          service.approve(HOST, { requestId: shown.id, digest: namesDigest ? shown.digest : undefined }),
          connect('phone', 'operator', ['operator.admin'], remoteVerdict),
          connect('phone', 'operator', ['photos.read'], remoteVerdict),
        ],
      )
      const granted = await scopesOf(store, 'phone')
      expect(['[]', '["operator.read"]']).toContain(JSON.stringify(granted))
      // Approved, or refused with what took its place: nothing in between.
      expect(granted.length > 0).toBe(outcomes[0]?.status === 'fulfilled')
      expect(chainProblem(await audit(store))).toBeNull()
    }),
    { numRuns: 300 },
  )
})

test('a removal and an approval at the same time end in one of both, never in a half of each', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      let id = ''
      const { store, outcomes } = await interleave(
        scheduler,
        async (fixture) => {
          await fixture.owner('owner')
          await fixture.connect('phone', 'node', [])
          id = (await fixture.request('phone', 'operator', ['operator.read'])).id
        },
        ({ service, connect }) => [
          service.approve(HOST, { requestId: id }),
          service.remove(HOST, deviceIdOf('phone')),
          service.reject(HOST, id),
          connect('phone', 'operator', ['operator.read'], remoteVerdict),
        ],
      )
      const [approved, removed] = outcomes.map((outcome) => outcome.status === 'fulfilled')
      expect(removed).toBe(true)
      const entries = await audit(store)
      const order = entries.map((entry) => entry.kind)
      const isLast = order.lastIndexOf('request-approved') > order.lastIndexOf('device-removed')
      // After a removal only an approval of a request that outlived it could give anything: there is none.
      expect(isLast).toBe(false)
      expect(await scopesOf(store, 'phone')).toEqual([])
      if (approved === true) expect(order).toContain('request-approved')
      expect(chainProblem(entries)).toBeNull()
    }),
    { numRuns: 300 },
  )
})

test('an approver that loses its rights meanwhile approved before, or not at all', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.constantFrom('remove', 'revoke', 'cut', 'undo'),
      async (scheduler, how) => {
        let id = ''
        const owner = { kind: 'device', deviceId: deviceIdOf('owner'), role: 'operator', scopes: ['operator.admin'], silentHonoured: true } as const // prettier-ignore
        const { store, outcomes } = await interleave(
          scheduler,
          async (fixture) => {
            await fixture.owner('owner')
            id = (await fixture.request('phone', 'operator', ['operator.read'])).id
          },
          ({ service }) => [
            service.approve(owner, { requestId: id }),
            {
              remove: () => service.remove(HOST, owner.deviceId),
              revoke: () => service.revoke(HOST, owner.deviceId, 'operator'),
              cut: () => service.rotate(HOST, { ...owner, scopes: [] }),
              undo: () => service.undoSilent(HOST, 0),
            }[how](),
          ],
        )
        const kinds = (await audit(store)).map((entry) => entry.kind)
        const lost = Math.max(...(['device-removed', 'token-revoked', 'token-rotated', 'silent-grants-undone'] as const).map((kind) => kinds.indexOf(kind))) // prettier-ignore
        const isApproved = outcomes[0]?.status === 'fulfilled'
        expect(await scopesOf(store, 'phone')).toEqual(isApproved ? ['operator.read'] : [])
        expect(isApproved).toBe(kinds.includes('request-approved'))
        if (isApproved) expect(kinds.indexOf('request-approved')).toBeLessThan(lost)
      },
    ),
    { numRuns: 300 },
  )
})

test('threat 9: a hundred connects of one device, in any order, lose nothing and leave one request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const scopes = Array.from({ length: 100 }, (_, i) => `app.s${i}`)
      const { store } = await interleave(
        scheduler,
        () => Promise.resolve(),
        ({ connect }) => scopes.map((scope) => connect('phone', 'operator', [scope], remoteVerdict)),
      )
      const pending = await store.transaction((tx) => tx.pendingRequests(1000))
      expect(pending).toHaveLength(1)
      expect(pending[0]?.asks[0]?.scopes).toEqual([...scopes].sort())
    }),
    { numRuns: 10 },
  )
})

test('connects while a token rotates are all let in, and one of them gets the new token', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      let token = ''
      const attempt = { ...attemptOf('phone', 'operator', [], remoteVerdict) }
      const { outcomes } = await interleave(
        scheduler,
        async ({ service, request }) => {
          await service.approve(HOST, { requestId: (await request('phone', 'operator', [])).id })
          const first = await service.connect(attempt)
          token = (first.kind === 'admitted' && first.newToken) || ''
        },
        ({ service }) => [
          service.rotate(HOST, { deviceId: attempt.id, role: 'operator' }),
          ...[1, 2, 3, 4].map(() => service.connect({ ...attempt, token })),
        ],
      )
      const answers = outcomes.slice(1).map((outcome) => outcome.status === 'fulfilled' && outcome.value)
      expect(answers).toEqual(new Array(4).fill(expect.objectContaining({ kind: 'admitted' })))
      const fresh = answers.filter((one) => (one as { newToken: string | null }).newToken !== null)
      expect(fresh.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 200 },
  )
})

test('an invitation that many bring at the same time lets one of them in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      let bootstrapToken = ''
      const { outcomes, store } = await interleave(
        scheduler,
        async ({ service }) => {
          bootstrapToken = (await service.invite(HOST, { role: 'operator', scopes: [] })).token
        },
        ({ service }) =>
          ['a', 'b', 'c'].map((name) => service.connect({ ...attemptOf(name, 'operator', [], remoteVerdict), bootstrapToken })), // prettier-ignore
      )
      const kinds = outcomes.map((outcome) => outcome.status === 'fulfilled' && (outcome.value as { kind: string }).kind) // prettier-ignore
      expect(kinds.sort()).toEqual(['admitted', 'invite-invalid', 'invite-invalid'])
      const used = (await audit(store)).filter((entry) => entry.kind === 'invite-used')
      expect(used).toHaveLength(1)
    }),
    { numRuns: 200 },
  )
})
