import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { auditTrail } from '../../lib/pairing/audit-trail.ts'
import {
  AUDIT_HEAD,
  auditHash,
  verifyAudit,
  type AuditProblemKind,
  type AuditReport,
  type PairingStore,
} from '../../lib/pairing/index.ts'
import { auditKey, headMemory, headOf, sealed, type FakeMemory } from './audit-logs.ts'
import { LIMITS, serviceFixture, STORES, type Fixture } from './service-fixture.ts'

const HOST = { kind: 'host', name: 'host' } as const

describe.each(STORES)('signing the end of the log on the %s store', (_name, open) => {
  let store: PairingStore
  let remove: () => void
  let fixture: Fixture
  let gatewayId: string
  let memory: FakeMemory
  let doubts: AuditProblemKind[]
  let key: ReturnType<typeof auditKey>

  beforeEach(async () => {
    ;({ store, remove } = await open())
    key = auditKey()
    memory = headMemory()
    doubts = []
    fixture = gatewayOn(memory)
    gatewayId = await fixture.service.gatewayId()
    for (const name of ['a', 'b', 'c', 'd']) await fixture.connect(name, 'operator', ['operator.read'])
  })
  afterEach(async () => {
    await store.close()
    remove()
  })

  function gatewayOn(heads: FakeMemory | null): Fixture {
    const signer = { ...key, memory: heads, onDoubt: (doubt: AuditProblemKind) => doubts.push(doubt) }
    return serviceFixture(store, {}, LIMITS, {}, signer)
  }

  const head = (): Promise<string | null> => store.transaction((tx) => tx.setting(AUDIT_HEAD))
  const putHead = (text: string): Promise<void> => store.transaction((tx) => tx.putSetting(AUDIT_HEAD, text))
  const act = (): Promise<unknown> => fixture.connect(`device ${Math.random()}`, 'operator', [])

  async function report(remembered = memory.head): Promise<AuditReport> {
    return store.transaction(async (tx) =>
      verifyAudit([await tx.auditEntries({ after: 0, limit: 1000 })], {
        gatewayId,
        storedHead: await tx.setting(AUDIT_HEAD),
        remembered: remembered === null ? null : JSON.stringify({ gatewayId, ...remembered }),
        trustedKey: key.publicKey,
      }),
    )
  }

  /** Puts an entry behind the last one, as somebody could who has the store and no key. */
  async function forgeEntry(): Promise<void> {
    await store.transaction(async (tx) => {
      const last = await tx.lastAuditEntry()
      if (last === null) throw new Error('there is no entry')
      await tx.addAuditEntry(sealed({ ...last, seq: last.seq + 1, actor: 'host', previousHash: last.hash }))
    })
  }

  test('each commit signs it and has it remembered', async () => {
    expect(memory.kept.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect(JSON.parse((await head()) ?? '')).toEqual(memory.head)
    expect(await report()).toMatchObject({ ok: true, entries: 4 })
    expect([doubts, await fixture.service.auditDoubt()]).toEqual([[], null])
  })

  test('what was rolled back is not remembered', async () => {
    const nobody = { kind: 'device', deviceId: 'x', role: 'operator', scopes: [], silentHonoured: false } as const // prettier-ignore
    await expect(fixture.service.reject(nobody, 'x')).rejects.toThrow()
    expect(memory.kept).toHaveLength(4)
  })

  test('a second process goes on from the first, and the first from it', async () => {
    const other = gatewayOn(headMemory())
    await other.connect('e', 'operator', [])
    await act()
    await other.connect('f', 'operator', [])
    expect(await report()).toMatchObject({ ok: true, entries: 7 })
    expect(doubts).toEqual([])
  })

  test('a restart goes on from what was remembered', async () => {
    fixture = gatewayOn(memory)
    expect(await fixture.service.auditDoubt()).toBeNull()
    await act()
    expect(await report()).toMatchObject({ ok: true, entries: 5 })
  })

  test('an entry that was put behind the end is not vouched for, and the decision is made all the same', async () => {
    await forgeEntry()
    expect(await fixture.service.auditDoubt()).toBe('inserted')
    await act()
    await act()
    expect(doubts).toEqual(['inserted', 'inserted'])
    expect((await report()).problems).toMatchObject([{ kind: 'inserted', seq: 5 }])
    expect(memory.head?.seq).toBe(4)
  })

  test.each<[string, () => Promise<void> | void, AuditProblemKind]>([
    ['the head is gone', () => putHead(''), 'head-forged'],
    ['the head is of another key', () => putHead(JSON.stringify(headOf(auditKey(), undefined))), 'head-forged'],
    ['the head is ahead', () => putHead(JSON.stringify(headOf(key, entry(9), gatewayId))), 'truncated'],
    ['the head is of another entry', () => putHead(JSON.stringify(headOf(key, entry(4), gatewayId))), 'forked'],
    ['the remembered head is ahead', () => void (memory.head = headOf(key, entry(9), gatewayId)), 'truncated'],
    ['the remembered head is of another entry', () => void (memory.head = headOf(key, entry(2), gatewayId)), 'forked'],
  ])('%s: nothing is signed until an owner accepts it', async (_title, change, doubt) => {
    memory.head = memory.kept[2] ?? null
    await change()
    expect(await fixture.service.auditDoubt()).toBe(doubt)
    const before = await head()
    await act()
    expect([doubts, await head()]).toEqual([[doubt], before])

    await expect(fixture.service.acceptAudit(await fixture.owner('reader', ['operator.read']))).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await fixture.service.acceptAudit(HOST)).not.toBeNull()
    expect(await fixture.service.acceptAudit(HOST)).toBeNull()
    await act()
    expect(await report()).toMatchObject({ ok: true })
    const { entries } = await fixture.service.auditEntries(HOST, { limit: 100 })
    expect(entries.filter(({ kind }) => kind === 'audit-accepted')).toMatchObject([{ actor: 'host', details: expect.stringContaining('"doubt":') }])
  }) // prettier-ignore

  test('a later head of another process stands for an earlier one of our own', async () => {
    memory.head = headOf(key, entry(9), gatewayId)
    memory.next = memory.kept[3] ?? null
    expect(await fixture.service.auditDoubt()).toBeNull()
  })

  test('a log that was emptied, or is signed for the first time after it began, is doubted', async () => {
    memory.head = null
    await store.transaction((tx) => tx.putSetting('gateway-id', 'other'))
    expect(await fixture.service.auditDoubt()).toBe('head-forged')
  })

  test('a log that is empty, although one was signed, is cut off', async () => {
    const empty = await open()
    const heads = headMemory()
    const signer = { ...key, memory: heads, onDoubt: (doubt: AuditProblemKind) => doubts.push(doubt) }
    const { service } = serviceFixture(empty.store, {}, LIMITS, {}, signer)
    expect(await service.auditDoubt()).toBeNull()
    heads.head = headOf(key, entry(4), await service.gatewayId())
    expect(await service.auditDoubt()).toBe('truncated')
    heads.head = null
    await empty.store.transaction((tx) => tx.putSetting(AUDIT_HEAD, '{}'))
    expect(await service.auditDoubt()).toBe('truncated')
    await empty.store.close()
    empty.remove()
  })

  test('a log that was begun without a key is signed once an owner accepts it', async () => {
    const other = await open()
    await serviceFixture(other.store).owner()
    const signer = { ...key, memory: null, onDoubt: (doubt: AuditProblemKind) => doubts.push(doubt) }
    const { service } = serviceFixture(other.store, {}, LIMITS, {}, signer)
    expect(await service.auditDoubt()).toBe('head-unsigned')
    expect(await service.acceptAudit(HOST)).toBe('head-unsigned')
    expect(await service.auditDoubt()).toBeNull()
    const [, accepted] = (await service.auditEntries(HOST, { limit: 9 })).entries
    expect(JSON.parse(accepted?.details ?? '')).toEqual({ doubt: 'head-unsigned', remembered: null })
    await other.store.close()
    other.remove()
  })

  test('without a key nothing is signed, doubted or accepted', async () => {
    await forgeEntry()
    const { service } = serviceFixture(store)
    const before = await head()
    expect([await service.auditDoubt(), await service.acceptAudit(HOST)]).toEqual([null, null])
    await service.openWindow(0)
    expect([await head(), doubts]).toEqual([before, []])
  })

  test('several entries of one commit are signed as one end', async () => {
    await fixture.request('phone', 'operator', [])
    const before = memory.kept.length
    await fixture.request('phone', 'node', [])
    expect(memory.kept.slice(before).map(({ seq }) => seq)).toEqual([7])
    expect([await report(), doubts]).toMatchObject([{ ok: true, entries: 7 }, []])
  })

  test('an end that was accepted stays so for what is added in the same commit', async () => {
    await forgeEntry()
    const signer = { ...key, memory, onDoubt: (doubt: AuditProblemKind) => doubts.push(doubt) }
    const signed = await store.transaction(async (tx) => {
      const trail = auditTrail(tx, 1, signer, 500)
      await trail.record('window-opened', 'host', null, {})
      expect(trail.signed).toBeNull()
      await trail.accept('host')
      await trail.record('window-opened', 'host', null, {})
      return trail.signed
    })
    expect(signed).toMatchObject({ gatewayId, isAccepted: true, head: { seq: 8 } })
    expect(doubts).toEqual(['inserted'])
  })

  test('without a memory the head in the store alone decides', async () => {
    fixture = gatewayOn(null)
    await act()
    expect(await report(null)).toMatchObject({ ok: true, entries: 5 })
    await forgeEntry()
    await act()
    expect(doubts).toEqual(['inserted'])
  })
})

function entry(seq: number) {
  const content = { seq, atMs: 1, kind: 'silent-grant', actor: 'gateway', deviceId: null, details: '{}', previousHash: 'x' } as const
  return { ...content, hash: auditHash(content) }
} // prettier-ignore
