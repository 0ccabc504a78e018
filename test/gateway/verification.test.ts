import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  callGateway,
  createDeviceIdentity,
  PairingRequiredError,
  type SyncDeviceIdentity,
} from '../../lib/client/index.ts'
import { RawClient, type Frame } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, FORWARDED, signedConnect, type Ask } from './signed-connect.ts'

let running: RunningGateway
let owner: RawClient
beforeEach(async () => {
  running = await runGateway({ approval: { codeFor: ['operator.admin'] } })
  owner = (await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })).client
})
afterEach(async () => {
  owner.close()
  await running.close()
})

const sha256 = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest()

type Knock = { answer: Frame; code: string | null; commitment: string }

/** Knocks from elsewhere as a client that was written from the protocol alone. */
async function knock(identity: SyncDeviceIdentity, ask: Ask = {}, knowsCodes = true): Promise<Knock> {
  const client = new RawClient(running.url, FORWARDED)
  const { payload } = await client.next()
  const { nonce, gatewayId, verification } = payload as {
    nonce: string
    gatewayId: string
    verification: { commitment: string }
  }
  const { commitment } = verification
  const connect = signedConnect(identity, nonce, ask)
  const nonceFor = (about: string, role: string, scopes: readonly string[]): string => {
    const text = JSON.stringify(['latchkey.verification.nonce.1', gatewayId, about, role, scopes])
    return sha256(Buffer.from(identity.sign(text), 'base64url')).toString('base64url')
  }
  const scopes = [...new Set(connect.scopes)].sort()
  const own = { verification: { nonce: nonceFor(commitment, connect.role, scopes) } }
  const answer = await client.request('connect', { ...connect, ...(knowsCodes ? own : {}) })
  client.close()
  const reveal = answer.error?.details?.verification as Reveal | undefined
  if (reveal === undefined) return { answer, code: null, commitment }
  const opened = ['latchkey.verification.commitment.1', gatewayId, reveal.requestId, reveal.gatewayNonce]
  expect(sha256(JSON.stringify(opened)).toString('base64url')).toBe(reveal.commitment)
  const clientNonce = nonceFor(reveal.commitment, reveal.role, reveal.scopes)
  const text = JSON.stringify([
    'latchkey.verification.code.1',
    gatewayId,
    reveal.requestId,
    identity.deviceId,
    reveal.role,
    reveal.scopes,
    reveal.gatewayNonce,
    clientNonce,
  ])
  const digits = (sha256(text).readBigUInt64BE() % 100_000_000n).toString().padStart(8, '0')
  return { answer, code: `${digits.slice(0, 4)}-${digits.slice(4)}`, commitment }
}

type Reveal = { commitment: string; requestId: string; gatewayNonce: string; role: string; scopes: string[] }

async function pending(): Promise<Record<string, unknown>[]> {
  const { payload } = await owner.request('device.pair.list')
  return payload?.pending as Record<string, unknown>[]
}

const approve = (params: object): Promise<Frame> => owner.request('device.pair.approve', params)
const detail = ({ answer }: Knock, name: string): string => String(answer.error?.details?.[name])

describe('the code of a waiting device', () => {
  test('is the same on both sides, and belongs to the id that was committed to', async () => {
    const knocked = await knock(createDeviceIdentity(), { scopes: ['operator.write', 'operator.read'] })
    const [shown] = await pending()
    expect(knocked.code).toMatch(/^\d{4}-\d{4}$/)
    expect(shown).toMatchObject({ verificationCode: knocked.code, hasCode: true, codeRequired: false })
    const reveal = knocked.answer.error?.details?.verification as Reveal
    expect(reveal).toMatchObject({ requestId: shown?.requestId, commitment: knocked.commitment })
  })

  test('stays the same over covered retries, by a client that kept nothing but its key', async () => {
    const identity = createDeviceIdentity()
    const first = await knock(identity, { scopes: ['operator.write'] })
    const again = await knock(identity, { scopes: ['operator.read'] })
    expect(again.code).toBe(first.code)
    expect(again.commitment).not.toBe(first.commitment)
  })

  test.each([
    ['operator', ['operator.write', 'operator.read']],
    ['node', ['operator.admin']],
  ])('as %s is the one that the client library works out', async (role, scopes) => {
    const identity = createDeviceIdentity()
    const options = { url: running.url, identity, role, scopes, headers: FORWARDED }
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error: unknown = await callGateway({ ...options, method: 'health' }).catch(
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(PairingRequiredError)
      const { verificationCode, requestId } = error as PairingRequiredError
      expect(await pending()).toMatchObject([{ requestId, verificationCode }])
    }
  })

  test('changes with a request that asks for more', async () => {
    const identity = createDeviceIdentity()
    const first = await knock(identity)
    const wider = await knock(identity, { scopes: ['operator.write'] })
    expect(wider.code).not.toBe(first.code)
    expect(await pending()).toMatchObject([{ verificationCode: wider.code }])
  })

  test('of a node covers what it said, with scopes that its role does not get', async () => {
    const knocked = await knock(createDeviceIdentity(), { role: 'node', scopes: ['operator.admin'] })
    expect(await pending()).toMatchObject([{ scopes: [], verificationCode: knocked.code }])
  })

  test('is missing for a client that does not know of codes, and the owner is told', async () => {
    const knocked = await knock(createDeviceIdentity(), {}, false)
    expect(knocked.code).toBeNull()
    const [shown] = await pending()
    expect(shown).toMatchObject({ hasCode: false })
    expect(shown).not.toHaveProperty('verificationCode')
    expect(await approve({ requestId: shown?.requestId })).toMatchObject({ ok: true })
  })
})

describe('a risky scope', () => {
  const risky = { scopes: ['operator.admin'] }

  test('is approved with the code alone, which the owner is not shown', async () => {
    const knocked = await knock(createDeviceIdentity(), risky)
    const [shown] = await pending()
    expect(shown).toMatchObject({ hasCode: true, codeRequired: true })
    expect(JSON.stringify(shown)).not.toContain(knocked.code)
    const asked = { requestId: detail(knocked, 'requestId'), digest: detail(knocked, 'digest') }
    expect((await approve(asked)).error?.details).toEqual({ code: 'CODE_REQUIRED' })
    expect((await approve({ ...asked, withoutCode: true })).error?.details).toEqual({ code: 'CODE_REQUIRED' })
    expect(await approve({ ...asked, code: knocked.code?.replace('-', ' ') })).toMatchObject({ ok: true })
  })

  test('approved less than that needs no code', async () => {
    const knocked = await knock(createDeviceIdentity(), risky)
    const requestId = detail(knocked, 'requestId')
    const { payload } = await approve({ requestId, scopes: ['operator.read'] })
    expect(payload?.device).toMatchObject({ approvedScopes: ['operator.read'] })
  })

  test('is lost with three wrong codes, whoever types them and from wherever', async () => {
    const knocked = await knock(createDeviceIdentity(), risky)
    const requestId = detail(knocked, 'requestId')
    const wrong = knocked.code === '0000-0000' ? '0000-0001' : '0000-0000'
    expect((await approve({ requestId, code: wrong })).error?.details).toEqual({ code: 'WRONG_CODE', attemptsLeft: 2 }) // prettier-ignore
    const other = (await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] }))
      .client
    const second = await other.request('device.pair.approve', { requestId, code: wrong })
    expect(second.error?.details).toEqual({ code: 'WRONG_CODE', attemptsLeft: 1 })
    other.close()
    expect((await approve({ requestId, code: wrong })).error?.details).toEqual({ code: 'WRONG_CODE', attemptsLeft: 0 }) // prettier-ignore
    expect((await approve({ requestId, code: knocked.code })).error?.details).toEqual({
      code: 'REQUEST_SETTLED',
      state: 'rejected',
    })
    expect(await pending()).toEqual([])
  })

  test('of a client without codes needs the word of the owner', async () => {
    const knocked = await knock(createDeviceIdentity(), risky, false)
    const requestId = detail(knocked, 'requestId')
    expect((await approve({ requestId })).error).toMatchObject({ code: 'FORBIDDEN', details: { code: 'CODE_MISSING' } }) // prettier-ignore
    expect(await approve({ requestId, withoutCode: true })).toMatchObject({ ok: true })
  })

  test.each(['1234567', '123456789', 'abcd-efgh', '', '４８２１０９３７'])(
    'a code %j is none, and costs no attempt',
    async (code) => {
      const knocked = await knock(createDeviceIdentity(), risky)
      const asked = { requestId: detail(knocked, 'requestId') }
      expect((await approve({ ...asked, code })).error?.details).toEqual({ code: 'CODE_MALFORMED' })
      expect(await approve({ ...asked, code: knocked.code })).toMatchObject({ ok: true })
    },
  )
})

test('two devices of the same name show different codes: neither is approved with that of the other', async () => {
  const client = { displayName: 'My phone' }
  const mine = await knock(createDeviceIdentity(), { client, scopes: ['operator.admin'] })
  const theirs = await knock(createDeviceIdentity(), { client, scopes: ['operator.admin'] })
  expect(theirs.code).not.toBe(mine.code)
  const answer = await approve({ requestId: detail(theirs, 'requestId'), code: mine.code })
  expect(answer.error?.details).toMatchObject({ code: 'WRONG_CODE' })
})
