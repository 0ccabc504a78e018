import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  approvalPolicy,
  AUDIT_HEAD,
  auditHeadText,
  pairingService,
  scopeLattice,
  silentPolicy,
  type AuditHead,
} from '../../lib/pairing/index.ts'
import { chainProblem } from './chain-problem.ts'
import { connectWithToken, HOST, onEachStore, refusal, requestWithCode } from './on-each-store.ts'
import { attemptOf, deviceIdOf, LIMITS } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

onEachStore(
  'the audit trail',
  { approval: { codeFor: ['operator.admin'], secondApproverFor: ['operator.admin'] } },
  (bench) => {
    /** Makes every decision that there is, once. */
    async function decideEverything(): Promise<string[]> {
      const { service, request, clock } = bench.fixture
      const owner = await bench.fixture.owner()
      await request('phone', 'operator', ['operator.read'])
      const { id } = await request('phone', 'operator', ['operator.write'])
      await service.approve(owner, { requestId: id })
      const first = await connectWithToken(bench.fixture, 'phone', null)
      const risky = await requestWithCode(bench.fixture, 'tablet', ['operator.admin'])
      await service.approve(owner, { requestId: risky.id, code: '1111-1111' }).catch(() => undefined)
      await service.approve(owner, { requestId: risky.id, code: '4821-0937' })
      await service.reject(owner, risky.id, 'no')
      await request('slow', 'operator', [])
      clock.nowMs += LIMITS.requestTtlMs
      await service.sweep()
      const spam = await request('spam', 'operator', [])
      await service.ignore(owner, spam.id)
      await service.unignore(owner, spam.deviceId)
      await service.rename(owner, owner.deviceId, 'Desk')
      const phone = { deviceId: deviceIdOf('phone'), role: 'operator' }
      await service.rotate(owner, phone)
      const token = first.kind === 'admitted' ? first.newToken : null
      const second = await connectWithToken(bench.fixture, 'phone', token)
      await connectWithToken(bench.fixture, 'phone', second.kind === 'admitted' ? second.newToken : null)
      await connectWithToken(bench.fixture, 'phone', token)
      await service.revoke(HOST, owner.deviceId, 'operator')
      await bench.fixture.owner('next')
      const made = await service.invite(HOST, { role: 'operator', scopes: [] })
      await service.connect({
        ...attemptOf('guest', 'operator', [], remoteVerdict),
        bootstrapToken: made.token,
      })
      const other = await service.invite(HOST, { role: 'operator', scopes: [] })
      await service.revokeInvite(HOST, other.invite.id)
      await service.undoSilent(HOST, 0)
      await service.remove(HOST, deviceIdOf('guest'))
      await service.putTaint(HOST, { sinceMs: 1, why: 'a probe looked local' })
      return (await bench.audit()).map((entry) => entry.kind)
    }

    test('has an entry for every kind of decision, in one unbroken chain', async () => {
      const kinds = new Set(await decideEverything())
      expect([...kinds].sort()).toEqual([
        'device-ignored',
        'device-removed',
        'device-renamed',
        'device-unignored',
        'invite-made',
        'invite-revoked',
        'invite-used',
        'request-approved',
        'request-code-wrong',
        'request-expired',
        'request-filed',
        'request-half-approved',
        'request-rejected',
        'request-superseded',
        'silent-grant',
        'silent-grants-undone',
        'taint-changed',
        'token-reused',
        'token-revoked',
        'token-rotated',
      ])
      const entries = await bench.audit()
      expect(chainProblem(entries)).toBeNull()
      for (const i of [0, 3, entries.length - 1]) {
        const tampered = entries.map((entry, at) => (at === i ? { ...entry, actor: 'nobody' } : entry))
        expect(chainProblem(tampered)).not.toBeNull()
        if (i < entries.length - 1) expect(chainProblem(entries.filter((_, at) => at !== i))).not.toBeNull()
      }
    })

    test('goes on from where it was after a restart', async () => {
      await bench.fixture.owner()
      await bench.restarted().owner('other')
      const entries = await bench.audit()
      expect(entries.map((entry) => entry.seq)).toEqual([1, 2])
      expect(chainProblem(entries)).toBeNull()
    })

    test('has no entry of a decision that was refused', async () => {
      const pairing = await bench.fixture.owner('pairing', ['operator.pairing'])
      const { id } = await bench.fixture.request('phone', 'operator', [])
      const before = (await bench.audit()).length
      for (const call of [
        bench.fixture.service.approve(pairing, { requestId: id }),
        bench.fixture.service.reject(pairing, id),
        bench.fixture.service.remove(pairing, deviceIdOf('phone')),
        bench.fixture.service.undoSilent(pairing, 0),
      ])
        await expect(call).rejects.toEqual(refusal('FORBIDDEN'))
      expect(await bench.audit()).toHaveLength(before)
    })

    test('is read by admins alone', async () => {
      const pairing = await bench.fixture.owner('pairing', ['operator.pairing'])
      const page = { after: 0, limit: 10 }
      await expect(bench.fixture.service.auditEntries(pairing, page)).rejects.toEqual(
        refusal('FORBIDDEN', { missingScope: 'operator.admin' }),
      )
      const gone = await bench.fixture.owner('gone')
      expect((await bench.fixture.service.auditEntries(gone, page)).entries).toHaveLength(2)
      await bench.fixture.service.remove(HOST, gone.deviceId)
      await expect(bench.fixture.service.auditEntries(gone, page)).rejects.toEqual(refusal('FORBIDDEN'))
    })

    test('keeps of strangers so many entries in an hour, and says how many it did not', async () => {
      const { clock, connect, service } = bench.fixture
      const flood = async (count: number, name: string): Promise<void> => {
        for (let i = 0; i < count; i += 1) {
          const elsewhere = { ...remoteVerdict, clientAddress: `198.51.100.${i % 40}` }
          await connect(`${name}${i}`, 'operator', [], elsewhere)
          if (i % 40 === 39) {
            clock.nowMs += LIMITS.requestTtlMs
            await service.sweep()
          }
        }
      }
      await flood(320, 'a')
      expect((await bench.audit()).length).toBe(500)
      // The owner's own decisions are kept all the same.
      await bench.fixture.owner()
      expect((await bench.audit()).length).toBe(501)
      clock.nowMs += 3600 * 1000
      await connect('later', 'operator', [], remoteVerdict)
      const entry = (await bench.audit()).find((one) => one.kind === 'requests-not-recorded')
      expect(JSON.parse(entry?.details ?? '')).toEqual({ count: 140 })
      expect(chainProblem(await bench.audit())).toBeNull()
    })

    test('has a signed end that moves with every entry', async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519')
      const rawKey = publicKey.export({ format: 'jwk' }).x ?? ''
      const lattice = scopeLattice()
      const service = pairingService({
        store: bench.store,
        lattice,
        silent: silentPolicy({}, lattice),
        approval: approvalPolicy({}, lattice),
        limits: LIMITS,
        clock: { now: () => 5 },
        auditSigner: {
          publicKey: rawKey,
          memory: null,
          onDoubt: () => undefined,
          sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
        },
        onEvent: () => undefined,
      })
      const gatewayId = await service.gatewayId()
      for (const name of ['one', 'two']) {
        await service.connect(attemptOf(name, 'operator', [], localVerdict))
        const head = JSON.parse(
          (await bench.store.transaction((tx) => tx.setting(AUDIT_HEAD))) ?? '',
        ) as AuditHead
        const last = (await bench.audit()).at(-1)
        expect(head).toMatchObject({ seq: last?.seq, hash: last?.hash, publicKey: rawKey })
        const text = auditHeadText(gatewayId, head.seq, head.hash, head.atMs)
        expect(verify(null, Buffer.from(text), publicKey, Buffer.from(head.signature, 'base64url'))).toBe(
          true,
        )
      }
    })
  },
)
