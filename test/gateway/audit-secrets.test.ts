import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import Database from 'better-sqlite3'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { sqliteStore } from '../../lib/index.ts'
import { RawClient } from './raw-client.ts'
import { runGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, signedConnect, type Ask } from './signed-connect.ts'

test('no token, code or secret, and no hash of one, gets into an entry, an event or a line of the log', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'latchkey-audit-secrets-'))
  const file = path.join(base, 'latchkey.db')
  const lines: string[] = []
  const note = (message: string, fields?: object): void =>
    void lines.push(message, JSON.stringify(fields ?? {}, (_key, value: unknown) => (value instanceof Error ? String(value) : value))) // prettier-ignore
  const shared = 'a shared secret of this gateway'
  const auth = { token: shared }
  const running = await runGateway({
    store: await sqliteStore(file),
    auth: { mode: 'token', token: shared },
    approval: { codeFor: ['operator.admin'] },
    logger: { info: note, warn: note, error: note },
  })
  const secrets = new Set([shared])
  const learn = (value: unknown): void => {
    if (typeof value === 'string' && value !== '') secrets.add(value)
  }

  const ownerKey = createDeviceIdentity()
  const { client: owner, hello } = await admittedAs(running.url, ownerKey, { scopes: ['operator.admin'], auth }) // prettier-ignore
  const given = hello.auth as { deviceToken?: string }
  learn(given.deviceToken)
  const rotate = async (): Promise<void> => {
    const params = { deviceId: ownerKey.deviceId, role: 'operator' }
    learn((await owner.request('device.token.rotate', params)).payload?.token)
  }
  await rotate()
  await rotate()

  const knock = async (ask: Ask): Promise<Record<string, unknown>> => {
    const { client, answer } = await connectAs(running.url, createDeviceIdentity(), { auth, ...ask }, FORWARDED) // prettier-ignore
    client.close()
    return answer.error?.details ?? answer.payload ?? {}
  }
  // The codes that clients would show: one is typed right, one wrong until it is rejected.
  const codes = new Database(file, { readonly: true })
  const codeOf = (requestId: string): string => {
    const verification = String(codes.prepare('select verification from requests where id = ?').pluck().get(requestId)) // prettier-ignore
    const { code = '', gatewayNonce = '', commitment = '' } = (JSON.parse(verification) ?? {}) as Record<string, string> // prettier-ignore
    for (const part of [code, code.replace('-', ''), gatewayNonce, commitment]) learn(part)
    return code
  }
  const waiting: string[] = []
  for (const scopes of [['operator.admin'], ['operator.admin'], ['operator.read']]) {
    const client = new RawClient(running.url, FORWARDED)
    const signed = signedConnect(createDeviceIdentity(), await client.challenge(), { scopes, auth })
    const verification = { nonce: randomBytes(32).toString('base64url') }
    const { error } = await client.request('connect', { ...signed, verification })
    client.close()
    waiting.push(String(error?.details?.requestId))
  }
  const [first = '', second = '', third = ''] = waiting
  for (const id of waiting) codeOf(id)
  await owner.request('device.pair.approve', { requestId: first, code: codeOf(first) })
  for (let n = 0; n < 3; n += 1) {
    learn('98765432')
    await owner.request('device.pair.approve', { requestId: second, code: '9876-5432' })
  }
  await owner.request('device.pair.reject', { requestId: third, reason: 'no' })

  const invited = (await owner.request('device.invite.create', { scopes: ['operator.read'] })).payload ?? {}
  learn(invited.bootstrapToken)
  const { auth: got } = (await knock({ auth: { bootstrapToken: String(invited.bootstrapToken) } })) as { auth?: { deviceToken?: string } } // prettier-ignore
  learn(got?.deviceToken)
  expect(got?.deviceToken).toBeDefined()
  const spare = (await owner.request('device.invite.create', { scopes: ['operator.read'] })).payload ?? {}
  learn(spare.bootstrapToken)
  await owner.request('device.invite.revoke', { inviteId: spare.inviteId })

  // Wrong secrets, a token of somebody else, an old one that comes back.
  learn('a secret that is not the right one')
  await knock({ auth: { token: 'a secret that is not the right one' } })
  await knock({ auth: { token: given.deviceToken ?? '' } })
  const tokens = [...secrets].filter((secret) => /^[\w-]{43}$/.test(secret))
  for (const deviceToken of tokens) {
    const ask = { scopes: ['operator.admin'], auth: { token: shared, deviceToken } }
    // The one that comes back ends the connection.
    const again = await connectAs(running.url, ownerKey, ask).catch(() => null)
    again?.client.close()
  }
  owner.close()

  const database = new Database(file, { readonly: true })
  const rows = [
    ...database.prepare('select * from audit').all(),
    ...database.prepare('select * from events').all(),
  ].map((row) => JSON.stringify(row))
  const kinds = database.prepare('select distinct kind from audit').pluck().all()
  expect(kinds).toEqual(expect.arrayContaining(['silent-grant', 'request-approved', 'request-code-wrong', 'request-rejected', 'invite-made', 'invite-used', 'invite-revoked', 'token-rotated', 'token-reused'])) // prettier-ignore
  const eventCount = database.prepare('select count(*) from events').pluck().get()
  expect(eventCount).toBeGreaterThan(3)
  // The invitation's, three of the owner, the shared one, and the codes with what they come from, at least.
  expect(secrets.size).toBeGreaterThan(12)
  for (const secret of secrets) {
    const hashes = ['hex', 'base64', 'base64url'].map((form) => createHash('sha256').update(secret).digest(form as 'hex')) // prettier-ignore
    for (const text of [...rows, ...lines])
      for (const forbidden of [secret, ...hashes]) expect([text.includes(forbidden), forbidden, text]).toEqual([false, forbidden, text]) // prettier-ignore
  }
  codes.close()
  database.close()
  await running.close()
  rmSync(base, { recursive: true, force: true })
})
