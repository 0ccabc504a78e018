import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { AuditEntry, Grant, PairingTransaction } from '../../lib/pairing/index.ts'
import { chainProblem } from './chain-problem.ts'
import { ModelRun, NAMES } from './model/model-run.ts'
import { step } from './model/steps.ts'
import { deviceIdOf, STORES } from './service-fixture.ts'

/** All that the store keeps, as far as this test can cause it. */
async function dump(tx: PairingTransaction) {
  const devices = []
  for (const name of [...NAMES, 'silent-admin', 'approved-admin', 'pairing-only']) {
    const id = deviceIdOf(name)
    const [grants, tokens, pending] = [
      await tx.grants(id),
      await tx.tokens(id),
      await tx.pendingRequestOf(id),
    ]
    devices.push({ name, device: await tx.device(id), grants, tokens, pending })
  }
  const page = { after: 0, limit: 10_000 }
  const pending = await tx.pendingRequests(1000)
  return { devices, pending, invites: await tx.invites(), events: await tx.events(page), audit: await tx.auditEntries(page) } // prettier-ignore
}

type Kept = Awaited<ReturnType<typeof dump>>

const plain = (grant: Pick<Grant, 'via' | 'role' | 'scopes'>, untilMs: number | null): string =>
  JSON.stringify([grant.role, grant.via, [...grant.scopes].sort(), untilMs])

/** What must hold after every step, whatever it was. */
function holds(run: ModelRun, kept: Kept): void {
  for (const { name, device, grants, pending } of kept.devices) {
    if (!NAMES.includes(name as never)) continue
    const model = run.device(name as (typeof NAMES)[number])
    // Granted is what was shown in approved digests, promised by an invitation, or asked for while at home.
    const held = model.held.map((one) => plain(one, one.untilMs))
    expect(grants.map((grant) => plain(grant, grant.expiresAtMs)).sort()).toEqual(held.sort())
    expect(device !== null).toBe(model.isKnown)
    // One whose time is over is marked by whatever looks at requests next.
    const [live, expected] = [pending, model.pending].map((one) =>
      (one?.expiresAtMs ?? 0) > run.nowMs ? { id: one?.id, asks: one?.asks } : null,
    )
    expect(live).toEqual(expected)
    for (const grant of grants) {
      expect(grant.approvedBy).not.toBe(grant.deviceId)
      expect(isRecorded(kept.audit, grant)).toBe(true)
    }
  }
  const waiting = kept.pending.map((request) => request.deviceId)
  expect(new Set(waiting).size).toBe(waiting.length)
  expect(chainProblem(kept.audit)).toBeNull()
  const text = JSON.stringify(kept)
  expect(run.minted.filter((token) => text.includes(token))).toEqual([])
}

function isRecorded(audit: readonly AuditEntry[], grant: Grant): boolean {
  return audit.some(({ kind, deviceId, details }) => {
    if (deviceId !== grant.deviceId) return false
    if (grant.via === 'silent') return kind === 'silent-grant' && details.includes(`"role":"${grant.role}"`)
    return (kind === 'request-approved' || kind === 'invite-used') && details.includes(grant.origin ?? '-')
  })
}

describe('threat 3: whatever happens in whatever order, a device holds what it was given and nothing else', () => {
  test.each(
    STORES.map(
      ([name, open], i) =>
        [
          name,
          open,
          [
            { numRuns: 250, maxLength: 40 },
            { numRuns: 8, maxLength: 30 },
          ][i] ?? {},
        ] as const,
    ),
  )(
    // prettier-ignore
    'on the %s store',
    async (_name, open, { numRuns, maxLength }: { numRuns?: number; maxLength?: number }) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: maxLength ?? 40 }), async (steps) => {
          const { store, remove } = await open()
          try {
            const run = new ModelRun(store)
            await run.start()
            for (const one of steps) {
              await run.run(one)
              holds(run, await store.transaction(dump))
            }
          } finally {
            await store.close()
            remove()
          }
        }),
        { numRuns: numRuns ?? 100 },
      )
    },
    120_000,
  )
})
