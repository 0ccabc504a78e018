import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { auditTrail, type AuditTrail } from '../../lib/pairing/audit-trail.ts'
import {
  parseAuditHead,
  type AuditEntry,
  type AuditHead,
  type AuditProblemKind,
  type AuditSigner,
  type PairingStore,
} from '../../lib/pairing/index.ts'
import { isSignedBy } from '../../lib/pairing/audit-head.ts'
import { auditKey, GATEWAY, headMemory, headOf, sealed, type FakeMemory } from './audit-logs.ts'
import { STORES } from './service-fixture.ts'

/** Where docs/audit.md says that the head is. */
const HEAD = 'audit-head'

describe.each(STORES)('an audit trail with a memory, on the %s store', (_name, open) => {
  let store: PairingStore
  let remove: () => void
  let memory: FakeMemory
  let doubts: AuditProblemKind[]
  let signer: AuditSigner
  let key: ReturnType<typeof auditKey>

  beforeEach(async () => {
    ;({ store, remove } = await open())
    key = auditKey()
    memory = headMemory()
    doubts = []
    signer = { ...key, memory, onDoubt: (doubt) => doubts.push(doubt) }
    await put('gateway-id', GATEWAY)
    for (let n = 0; n < 4; n += 1) await commit(record)
  })
  afterEach(async () => {
    await store.close()
    remove()
  })

  const put = (name: string, text: string): Promise<void> =>
    store.transaction((tx) => tx.putSetting(name, text))
  const record = (trail: AuditTrail): Promise<void> => trail.record('window-opened', 'host', null, {})

  /** What a service does: keeps what was signed after the commit. */
  async function commit(
    ...steps: ((trail: AuditTrail) => Promise<unknown>)[]
  ): Promise<AuditTrail['signed']> {
    const signed = await store.transaction(async (tx) => {
      const trail = auditTrail(tx, 1, signer, 500)
      for (const step of steps) await step(trail)
      return trail.signed
    })
    if (signed !== null) memory.keep(signed.gatewayId, signed.head, signed.isAccepted)
    return signed
  }

  const doubt = (): Promise<AuditProblemKind | null> =>
    store.transaction((tx) => auditTrail(tx, 1, signer, 500).doubt())
  const storedHead = async (): Promise<AuditHead | null> =>
    parseAuditHead((await store.transaction((tx) => tx.setting(HEAD))) ?? '')
  const entries = (): Promise<AuditEntry[]> =>
    store.transaction((tx) => tx.auditEntries({ after: 0, limit: 100 }))
  /** A head of ours for another entry of this seq. */
  const headOfAnother = (seq: number): AuditHead =>
    headOf(key, sealed({ seq, atMs: 1, kind: 'silent-grant', actor: 'x', deviceId: null, details: '{}', previousHash: '' })) // prettier-ignore

  test('signs under the name that the documents give', async () => {
    const last = (await entries()).at(-1)
    expect(await storedHead()).toEqual(memory.head)
    expect(memory.head).toMatchObject({ seq: 4, hash: last?.hash })
  })

  test('of what was signed it says whether an owner accepted it', async () => {
    expect(await commit(record)).toMatchObject({ isAccepted: false, head: { seq: 5 } })
    expect(await commit(record, record)).toMatchObject({ isAccepted: false, head: { seq: 7 } })
    memory.head = headOfAnother(9)
    const signed = await commit((trail) => trail.accept('host'))
    expect(signed).toMatchObject({ isAccepted: true, head: { seq: 8 } })
    expect(await commit(record)).toMatchObject({ isAccepted: false, head: { seq: 9 } })
    expect(doubts).toEqual([])
  })

  test('the head in the store is not needed where the log ends as it is remembered, and is mended', async () => {
    await put(HEAD, 'x')
    expect(await doubt()).toBeNull()
    await commit(record)
    expect([await storedHead(), doubts]).toEqual([memory.head, []])
  })

  test('a last entry that is not the remembered one is doubted, though the head in the store fits', async () => {
    memory.head = headOfAnother(4)
    expect(await doubt()).toBe('forked')
    const before = await storedHead()
    expect(await commit(record)).toBeNull()
    expect([doubts, await storedHead()]).toEqual([['forked'], before])
  })

  test('a remembered head of a later entry is doubted as a cut off end', async () => {
    memory.head = headOfAnother(5)
    expect(await doubt()).toBe('truncated')
  })

  test.each<[string, (log: readonly AuditEntry[]) => AuditHead, AuditProblemKind]>([
    ['later', () => headOfAnother(5), 'truncated'],
    ['another', () => headOfAnother(4), 'forked'],
    ['an earlier', (log) => headOf(key, log[2]), 'inserted'],
    ['that of another key over the last', (log) => headOf(auditKey(), log[3]), 'head-forged'],
    ['that of another gateway over the last', (log) => headOf(key, log[3], 'x'), 'head-forged'],
  ])(
    'a head in the store of %s entry stays in doubt, whatever is remembered',
    async (_title, headFor, expected) => {
      const log = await entries()
      await put(HEAD, JSON.stringify(headFor(log)))
      memory.head = memory.kept[2] ?? null
      expect(await doubt()).toBe(expected)
      // Nor does a head of another process that fits make up for it.
      memory.head = headOfAnother(2)
      memory.next = memory.kept[3] ?? null
      expect(await doubt()).toBe(expected)
    },
  )

  test('a later head of another process does not help when the log does not go through it', async () => {
    memory.head = headOfAnother(3)
    memory.next = headOfAnother(4)
    expect(await doubt()).toBe('forked')
  })

  test('what an owner accepts names the head that was remembered', async () => {
    const remembered = headOfAnother(9)
    memory.head = remembered
    await commit((trail) => trail.accept('host'))
    const { kind, actor, details } = (await entries()).at(-1) as AuditEntry
    expect([kind, actor]).toEqual(['audit-accepted', 'host'])
    const { seq, hash } = remembered
    expect(JSON.parse(details)).toEqual({ doubt: 'truncated', remembered: { seq, hash } })
  })

  test('what is added to an accepted log in the same commit is signed, though another head is remembered', async () => {
    memory.head = headOfAnother(9)
    const signed = await commit((trail) => trail.accept('host'), record, record)
    expect(signed).toMatchObject({ isAccepted: true, head: { seq: 7 } })
    expect([doubts, await doubt()]).toEqual([[], null])
  })

  test('an entry that gets between two of one commit is not vouched for', async () => {
    const signed = await store.transaction(async (tx) => {
      const trail = auditTrail(tx, 1, signer, 500)
      await record(trail)
      const last = (await tx.lastAuditEntry()) as AuditEntry
      await tx.addAuditEntry(sealed({ ...last, seq: last.seq + 1, actor: 'x', previousHash: last.hash }))
      await record(trail)
      return trail.signed
    })
    expect([signed?.head.seq, doubts]).toEqual([5, ['inserted']])
  })

  test('a store without an id is signed as that of nobody', async () => {
    const fresh = await open()
    memory.head = null
    const signed = await fresh.store.transaction(async (tx) => {
      const trail = auditTrail(tx, 1, signer, 500)
      await record(trail)
      return trail.signed
    })
    expect(signed?.gatewayId).toBe('')
    expect(isSignedBy(signed?.head as AuditHead, '', key.publicKey)).toBe(true)
    await fresh.store.close()
    fresh.remove()
  })
})
