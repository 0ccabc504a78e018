import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterEach, expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { connectAs } from '../../gateway/signed-connect.ts'
import { closeApis, serveApi, type Api, type ApiResponse, type PairedDevice } from './api-fixture.ts'

afterEach(closeApis)

const TOKEN = 'correct-horse-battery-staple'
const WRONG = 'Bearer wrong-horse-battery-staple'
const LIMITS = { authFailures: 2, authBlockMs: 60_000 }

const badProof = (api: Api): PromiseLike<ApiResponse> =>
  api.call('GET', '/devices', undefined, { Authorization: 'DPoP x', DPoP: 'y' })
const withToken = (device: PairedDevice, token: string): PairedDevice => ({ ...device, token })

test('after too many wrong proofs nothing is said about them any more', async () => {
  const api = await serveApi({ limits: LIMITS })
  expect((await badProof(api)).body.code).toBe('DPOP_PROOF_MALFORMED')
  expect((await badProof(api)).status).toBe(401)
  const { status, headers, body } = await badProof(api)
  expect([status, body.code]).toEqual([429, 'RATE_LIMITED'])
  const { retryAfterMs } = body as { readonly retryAfterMs: number }
  expect(retryAfterMs).toBeGreaterThan(0)
  expect(retryAfterMs).toBeLessThanOrEqual(60_000)
  expect(headers['retry-after']).toBe(String(Math.ceil(retryAfterMs / 1000)))
  const metrics = await (await fetch(`http://127.0.0.1:${api.port}/gateway/metrics`)).text()
  expect(metrics).toContain('latchkey_auth_failures_total{reason="device-proof"} 2')
  expect(metrics).toContain('latchkey_rate_limited_total 1')
})

test('strangers lock out neither a paired device nor a client on this machine', async () => {
  const api = await serveApi({ limits: LIMITS })
  const device = await api.pair(['operator.pairing'])
  for (let tries = 0; tries < 3; tries++) await badProof(api)
  expect((await api.as(device, 'GET', '/devices')).status).toBe(200)
  expect((await api.call('GET', '/devices')).status).toBe(200)
  const stranger = { ...device, identity: createDeviceIdentity() }
  expect((await api.as(stranger, 'GET', '/devices')).status).toBe(429)
})

test('a paired device is held to its own wrong tokens', async () => {
  const api = await serveApi({ limits: LIMITS })
  const device = await api.pair(['operator.pairing'])
  const other = await api.pair(['operator.pairing'])
  for (let tries = 0; tries < 2; tries++) {
    const { body } = await api.as(withToken(device, 'wrong'), 'GET', '/devices')
    expect(body.code).toBe('DEVICE_TOKEN_REFUSED')
  }
  expect((await api.as(withToken(device, 'wrong'), 'GET', '/devices')).status).toBe(429)
  expect((await api.as(device, 'GET', '/devices')).status).toBe(429)
  expect((await api.as(other, 'GET', '/devices')).status).toBe(200)
})

test('the shared secret cannot be guessed on, and the right one gets the same answer', async () => {
  const api = await serveApi({ auth: { mode: 'token', token: TOKEN }, limits: LIMITS })
  const bearer = (value: string): PromiseLike<ApiResponse> =>
    api.call('GET', '/devices', undefined, { Authorization: value })
  // What strangers get wrong does not count for clients that are proved to be here.
  for (let tries = 0; tries < 3; tries++) await badProof(api)
  expect((await bearer(`Bearer ${TOKEN}`)).status).toBe(200)
  const answers = await Promise.all(Array.from({ length: 6 }, () => bearer(WRONG)))
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(2)
  expect((await bearer(`Bearer ${TOKEN}`)).status).toBe(429)
})

test('connections and requests share their tries', async () => {
  const api = await serveApi({ auth: { mode: 'token', token: TOKEN }, limits: LIMITS })
  for (let tries = 0; tries < 2; tries++) await badProof(api)
  api.peer.status = 'unproven'
  const { client, answer } = await connectAs(`ws://127.0.0.1:${api.port}/gateway`, createDeviceIdentity(), {
    auth: { token: TOKEN },
  })
  client.close()
  expect(answer.error?.details).toMatchObject({ code: 'AUTH_RATE_LIMITED' })
})

test('a wrong clock does not count', async () => {
  const api = await serveApi({ limits: { ...LIMITS, authFailures: 1 } })
  for (let tries = 0; tries < 2; tries++) {
    const headers = { Authorization: 'DPoP a-token', DPoP: await lateProof(api.url('/devices')) }
    const { body } = await api.call('GET', '/devices', undefined, headers)
    expect(body.code).toBe('DPOP_PROOF_EXPIRED')
  }
  expect((await badProof(api)).status).toBe(401)
})

/** Right but for its time. */
function lateProof(htu: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const iat = Math.floor(Date.now() / 1000) - 600
  return new SignJWT({ jti: randomUUID(), htm: 'GET', htu, iat, ath: 'x' })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: publicKey.export({ format: 'jwk' }) })
    .sign(privateKey)
}
