import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { SignJWT, type JWTPayload } from 'jose'
import { createDeviceIdentity, dpopProof } from '../../../lib/client/index.ts'
import { FORWARDED } from '../../gateway/signed-connect.ts'
import { closeApis, serveApi, type Api, type PairedDevice } from './api-fixture.ts'

let api: Api
beforeEach(async () => {
  api = await serveApi()
})
afterEach(closeApis)

/** Sends credentials that were made by hand. */
const send = (token: string, proof: string, headers: Record<string, string> = {}) =>
  api.call('GET', '/devices', undefined, { Authorization: `DPoP ${token}`, DPoP: proof, ...headers })
const proofOf = ({ identity, token }: PairedDevice) =>
  dpopProof({ identity, method: 'GET', url: api.url('/devices'), token })

describe('a client on this machine', () => {
  test('needs no credentials', async () => {
    const { body } = await api.call('GET', '/devices').expect(200)
    expect(body).toEqual({ devices: [], next: null })
  })

  test.each([
    ['came through a proxy', FORWARDED],
    ['calls another name', { Host: 'gateway.example' }],
  ])('is not one that %s: it is told why', async (_name, headers) => {
    const { body, headers: answered } = await api.call('GET', '/devices', undefined, headers).expect(401)
    expect(answered['www-authenticate']).toBe('DPoP algs="EdDSA"')
    expect(answered['content-type']).toBe('application/problem+json')
    expect(body).toMatchObject({
      type: 'urn:latchkey:unauthenticated',
      status: 401,
      locality: { reason: expect.any(String), advice: expect.any(String) },
    })
  })

  test.each(['other-user', 'relay', 'outbound', 'unproven'] as const)('is not %s', async (status) => {
    api.peer.status = status
    await api.call('GET', '/devices').expect(401)
    await api.call('POST', '/grants/undo', { sinceMs: 0 }).expect(401)
  })

  test('is let in by what the silent policy would give it, and by no less', async () => {
    for (const silent of [{ mode: 'never' }, { scopes: ['operator.write'] }, { mode: 'window' }] as const) {
      const narrow = await serveApi({ silent })
      await narrow.call('GET', '/devices').expect(401)
    }
  })

  test('is not let in by headers alone', async () => {
    const loose = await serveApi({ locality: { dangerouslyTrustHeaders: true } })
    await loose.call('GET', '/devices').expect(401)
  })

  test('needs the shared secret as well, where there is one', async () => {
    const token = 'a-shared-token-of-length'
    const shared = await serveApi({ auth: { mode: 'token', token } })
    const authorized = (value: string, more = {}) =>
      shared.call('GET', '/devices', undefined, { Authorization: value, ...more })
    expect((await shared.call('GET', '/devices').expect(401)).body.code).toBe('SHARED_SECRET_MISSING')
    expect((await authorized('Bearer wrong').expect(401)).body.code).toBe('SHARED_SECRET_MISMATCH')
    await authorized(`Bearer ${token}`).expect(200)
    expect((await authorized(`Bearer ${token}`, FORWARDED).expect(401)).body.code).toBe('UNAUTHENTICATED')
    const password = await serveApi({ auth: { mode: 'password', password: 'open sesame' } })
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
    await password.call('GET', '/devices').auth('me', 'open sesame').expect(200)
    const wrong = password.call('GET', '/devices', undefined, { Authorization: basic('me:wrong') })
    expect((await wrong.expect(401)).body.code).toBe('SHARED_SECRET_MISMATCH')
  })
})

describe('a paired device', () => {
  test('is let in from anywhere by its token and a proof of its key', async () => {
    const device = await api.approved(['operator.admin'])
    api.peer.status = 'unproven'
    const { status, body } = await api.as(device, 'GET', '/devices?limit=5', undefined, FORWARDED)
    expect(status).toBe(200)
    expect(body.devices).toMatchObject([{ deviceId: device.identity.deviceId }])
  })

  test('has of silent grants nothing from elsewhere', async () => {
    const device = await api.pair(['operator.admin'])
    expect((await api.as(device, 'GET', '/devices')).status).toBe(200)
    const far = await api.as(device, 'GET', '/devices', undefined, FORWARDED)
    expect(far.body).toMatchObject({ code: 'NOTHING_HELD', locality: { reason: 'forwarding-untrusted' } })
    expect(far.status).toBe(403)
  })

  test('without operator.admin sees itself alone; without operator.pairing nothing', async () => {
    const other = await api.pair(['operator.read'])
    const device = await api.pair(['operator.pairing'])
    const own = await api.as(device, 'GET', '/devices')
    expect(own.body.devices).toMatchObject([{ deviceId: device.identity.deviceId }])
    expect((await api.as(device, 'GET', `/devices/${other.identity.deviceId}`)).status).toBe(403)
    expect((await api.as(device, 'GET', '/audit')).body.code).toBe('MISSING_SCOPE')
    expect((await api.as(device, 'POST', '/explain', {})).body.code).toBe('MISSING_SCOPE')
    expect((await api.as(other, 'GET', '/devices')).body.code).toBe('MISSING_SCOPE')
    const node = await api.pair([], 'node')
    expect((await api.as(node, 'GET', '/devices')).status).toBe(403)
  })

  test('loses at once what is taken from it', async () => {
    const device = await api.approved(['operator.admin'])
    const id = device.identity.deviceId
    expect((await api.as(device, 'GET', '/audit')).status).toBe(200)
    await api
      .call('POST', `/devices/${id}/tokens/operator/rotate`, { scopes: ['operator.pairing'] })
      .expect(200)
    expect((await api.as(device, 'GET', '/audit')).status).toBe(403)
    await api.call('DELETE', `/devices/${id}/tokens/operator`).expect(200)
    const refused = await api.as(device, 'GET', '/devices')
    expect(refused.body).toMatchObject({ code: 'DEVICE_TOKEN_REFUSED', standing: 'revoked' })
    expect(refused.headers['www-authenticate']).toBe('DPoP algs="EdDSA", error="invalid_token"')
    expect((await device.client.closed).code).toBe(4001)
  })

  test('whose replaced token comes back loses all that it holds in the role, and its connections', async () => {
    const device = await api.approved(['operator.admin'])
    const path = `/devices/${device.identity.deviceId}/tokens/operator/rotate`
    const { body } = await api.as(device, 'POST', path, {})
    expect(body).toMatchObject({ tokenDelivery: 'in-band' })
    const renewed = { ...device, token: String(body.token) }
    expect((await api.as(renewed, 'GET', '/devices')).status).toBe(200)
    const reused = await api.as(device, 'GET', '/devices')
    expect(reused.body).toMatchObject({ status: 401, standing: 'superseded' })
    expect(await device.client.closed).toEqual({ code: 4001, reason: 'token reused' })
    expect((await api.as(renewed, 'GET', '/devices')).body.standing).toBe('revoked')
  })
})

describe('a token alone', () => {
  test('is refused, with what to do', async () => {
    const { token } = await api.approved(['operator.admin'])
    const { body } = await api
      .call('GET', '/devices', undefined, { Authorization: `Bearer ${token}` })
      .expect(401)
    expect(body).toMatchObject({ code: 'BEARER_REFUSED', detail: expect.stringContaining('DPoP') })
  })

  test('is worth nothing with the key of another device, paired or not', async () => {
    const victim = await api.approved(['operator.admin'])
    const thief = await api.approved(['operator.admin'])
    for (const identity of [thief.identity, createDeviceIdentity()]) {
      const proof = await proofOf({ ...victim, identity })
      expect((await send(victim.token, proof).expect(401)).body.code).toBe('DEVICE_TOKEN_REFUSED')
    }
  })

  test('is not turned into local access', async () => {
    await send('anything', 'nonsense').expect(401)
    await api.call('GET', '/devices', undefined, { Authorization: 'DPoP' }).expect(401)
    await api.call('GET', '/devices', undefined, { Authorization: 'Digest abc' }).expect(401)
  })
})

describe('a proof', () => {
  test('is good once, also for two requests at the same time', async () => {
    const device = await api.approved(['operator.admin'])
    const proof = await proofOf(device)
    const answers = await Promise.all([send(device.token, proof), send(device.token, proof)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
    const again = await send(device.token, proof).expect(401)
    expect(again.body.code).toBe('DPOP_REPLAYED')
  })

  test('of another implementation is read', async () => {
    const device = await api.pair(['operator.admin'])
    // An unpaired key, but a well-formed proof: what is wrong is the token.
    await send(device.token, await jwt({}, {}, device.token)).expect(401, /DEVICE_TOKEN_REFUSED/)
  })

  const now = () => Math.floor(Date.now() / 1000)
  const BAD: [string, string, JWTPayload, object][] = [
    ['too old', 'DPOP_PROOF_EXPIRED', { iat: now() - 130 }, {}],
    ['from the future', 'DPOP_PROOF_EXPIRED', { iat: now() + 400 }, {}],
    ['from before the gateway was started', 'DPOP_PROOF_EXPIRED', { iat: now() - 60 }, {}],
    ['over by its own word', 'DPOP_PROOF_EXPIRED', { exp: now() - 1 }, {}],
    ['for another method', 'DPOP_METHOD_MISMATCH', { htm: 'DELETE' }, {}],
    ['for another path', 'DPOP_TARGET_MISMATCH', { htu: 'http://127.0.0.1/gateway/api/audit' }, {}],
    ['for another server', 'DPOP_TARGET_MISMATCH', { htu: 'https://evil.example/gateway/api/devices' }, {}],
    ['for another token', 'DPOP_TOKEN_MISMATCH', { ath: hashOf('another') }, {}],
    ['without a token', 'DPOP_PROOF_MALFORMED', { ath: undefined }, {}],
    ['without a good id', 'DPOP_PROOF_MALFORMED', { jti: 'a b' }, {}],
    ['of another kind', 'DPOP_PROOF_MALFORMED', {}, { typ: 'JWT' }],
    ['with extensions', 'DPOP_ALGORITHM_UNSUPPORTED', {}, { crit: ['b64'], b64: true }],
  ]
  test.each(BAD)('that is %s is refused', async (_name, code, claims, header) => {
    const { headers, body } = await send('a-token', await jwt(claims, header, 'a-token')).expect(401)
    expect(body.code).toBe(code)
    expect(headers['www-authenticate']).toMatch(/^DPoP algs="EdDSA", error="invalid_dpop_proof"$/)
  })

  test('that was changed, is unsigned, or signed by another algorithm is refused', async () => {
    const device = await api.approved(['operator.admin'])
    const [header = '', claims = '', signature = ''] = (await proofOf(device)).split('.')
    const none = Buffer.from('{"typ":"dpop+jwt","alg":"none"}').toString('base64url')
    const longer = Buffer.from(
      Buffer.from(claims, 'base64url').toString().replace('"GET"', '"PUT"'),
    ).toString('base64url')
    expect((await send(device.token, `${header}.${longer}.${signature}`)).body.code).toBe(
      'DPOP_SIGNATURE_INVALID',
    )
    expect((await send(device.token, `${none}.${claims}.`)).body.code).toBe('DPOP_PROOF_MALFORMED')
    expect((await send(device.token, `${none}.${claims}.AA`)).body.code).toBe('DPOP_ALGORITHM_UNSUPPORTED')
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const es256 = await new SignJWT({})
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
      .sign(privateKey)
    expect((await send(device.token, es256)).body.code).toBe('DPOP_ALGORITHM_UNSUPPORTED')
  })

  test('must be the only one', async () => {
    const device = await api.approved(['operator.admin'])
    const headers = { Authorization: `DPoP ${device.token}` }
    expect((await api.call('GET', '/devices', undefined, headers).expect(401)).body.code).toBe(
      'DPOP_PROOF_MISSING',
    )
  })

  test('passed on by another server, which writes its own name as Host, is refused', async () => {
    const device = await api.approved(['operator.admin'])
    const url = 'https://evil.example/gateway/api/devices'
    const proof = await dpopProof({ ...device, method: 'GET', url })
    const answer = await send(device.token, proof, { Host: 'evil.example' }).expect(401)
    expect(answer.body).toMatchObject({
      code: 'DPOP_TARGET_MISMATCH',
      detail: expect.stringContaining('allowedOrigins'),
    })
  })

  test('may be for the public name that the operator has named', async () => {
    const behind = await serveApi({ locality: { allowedOrigins: ['https://gateway.example'] } })
    const device = await behind.approved(['operator.admin'])
    const url = 'https://gateway.example/gateway/api/devices'
    const proof = await dpopProof({ ...device, method: 'GET', url })
    const headers = {
      Authorization: `DPoP ${device.token}`,
      DPoP: proof,
      ...FORWARDED,
      Origin: 'https://gateway.example',
    }
    await behind.call('GET', '/devices', undefined, headers).expect(200)
  })
})

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}

/** A proof by a key that nobody knows, good but for what is given. */
async function jwt(claims: JWTPayload, header: object, token: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = publicKey.export({ format: 'jwk' })
  const good = {
    htm: 'GET',
    htu: api.url('/devices'),
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ath: hashOf(token),
  }
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'EdDSA', jwk, ...header })
    .sign(privateKey, { crit: { b64: true } })
}
