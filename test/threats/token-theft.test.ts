import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { sqliteStore } from '../../lib/store/index.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'

const tokenIn = (auth: unknown): string => String((auth as { deviceToken?: unknown }).deviceToken)

test('threat 7: a token is worth nothing with another key, and stands in no file, log, answer or address', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-theft-'))
  const said: unknown[] = []
  const say = (...args: unknown[]): void => void said.push(args)
  const running = await runGateway({
    store: await sqliteStore(path.join(folder, 'latchkey.db')),
    logger: { info: say, warn: say, error: say },
    onEvent: say,
    auth: { mode: 'token', token: 'a shared secret of all' },
  })
  const shared = { token: 'a shared secret of all' }
  const victim = createDeviceIdentity()
  const { client, hello } = await admittedAs(running.url, victim, {
    scopes: ['operator.admin'],
    auth: shared,
  })
  const secrets = [tokenIn(hello.auth)]
  const rotated = await client.request('device.token.rotate', { deviceId: victim.deviceId, role: 'operator' })
  secrets.push(String(rotated.payload?.token))
  const made = await client.request('device.invite.create', { scopes: ['operator.read'] })
  secrets.push(String(made.payload?.bootstrapToken))
  expect(secrets.map((secret) => secret.length)).toEqual([43, 43, 43])

  // The thief has the token and a key of its own: from elsewhere, and on this machine with the token alone.
  const refused: unknown[] = []
  for (const headers of [FORWARDED, {}])
    for (const deviceToken of secrets) {
      const thief = await connectAs(running.url, createDeviceIdentity(), { auth: { deviceToken }, scopes: ['operator.admin'] }, headers) // prettier-ignore
      expect(thief.answer.ok).toBe(false)
      refused.push(thief.answer, await thief.client.closed)
    }
  const listed = [await client.request('device.pair.list'), await client.request('device.invite.list')]
  client.close()
  await running.close()

  const seen = JSON.stringify([said, refused, listed])
  const files = readdirSync(folder).map((file) => readFileSync(path.join(folder, file)).toString('latin1'))
  expect(files.join('').length).toBeGreaterThan(1000)
  for (const secret of [...secrets, shared.token]) {
    expect(seen).not.toContain(secret)
    expect(files.filter((file) => file.includes(secret))).toEqual([])
  }
  rmSync(folder, { recursive: true })
})

test('threat 7: a token that was replaced and comes back ends the role, with the reason said and the sockets closed', async () => {
  const running = await runGateway()
  const device = createDeviceIdentity()
  const first = await admittedAs(running.url, device, { scopes: ['operator.pairing'] })
  const old = tokenIn(first.hello.auth)
  const rotation = await first.client.request('device.token.rotate', {
    deviceId: device.deviceId,
    role: 'operator',
  })
  const deviceToken = String(rotation.payload?.token)
  const second = await admittedAs(running.url, device, { auth: { deviceToken } })
  const copy = await connectAs(running.url, device, { auth: { deviceToken: old } })
  expect(copy.answer.error).toMatchObject({
    message: expect.stringContaining('device token was replaced') as unknown,
    details: { code: 'AUTH_DEVICE_TOKEN_MISMATCH', authReason: 'device_token_superseded' },
  })
  for (const { client } of [first, second])
    expect(await client.closed).toEqual({ code: 4001, reason: 'token reused' })
  const after = await connectAs(running.url, device, { auth: { deviceToken } }, FORWARDED)
  expect(after.answer.error?.code).toBe('NOT_PAIRED')
  after.client.close()
  await running.close()
})
