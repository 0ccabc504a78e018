import { createHash } from 'node:crypto'
import { EmbeddedJWK, jwtVerify } from 'jose'
import { expect, test } from '@jest/globals'
import { createDeviceIdentity, dpopProof } from '../../lib/client/index.ts'
import { readDpopProof } from '../../lib/protocol/index.ts'
import { SMALL_ORDER_POINTS } from '../protocol/small-order-points.ts'

const identity = createDeviceIdentity()

test('a proof is one that another implementation verifies', async () => {
  const url = new URL('https://gateway.example:8443/gateway/api/devices?limit=1#x')
  const proof = await dpopProof({ identity, method: 'get', url, token: 'a-token' })
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['EdDSA'],
  })
  expect(payload).toMatchObject({
    htm: 'GET',
    htu: 'https://gateway.example:8443/gateway/api/devices',
    ath: createHash('sha256').update('a-token').digest('base64url'),
  })
  expect(Math.abs(Number(payload.iat) - Date.now() / 1000)).toBeLessThan(60)
  expect(protectedHeader.jwk).toEqual({ kty: 'OKP', crv: 'Ed25519', x: identity.publicKey })
  const read = readDpopProof(proof, Date.now())
  expect(read).toMatchObject({ proof: { deviceId: identity.deviceId, method: 'GET', id: payload.jti } })
})

test('a signer may take its time', async () => {
  const slow = { publicKey: identity.publicKey, sign: (text: string) => Promise.resolve(identity.sign(text)) }
  const proof = await dpopProof({ identity: slow, method: 'GET', url: 'http://localhost/x', token: 't' })
  expect(readDpopProof(proof, Date.now())).toHaveProperty('proof')
})

test.each(['ws://127.0.0.1/gateway', '/gateway/api', ''])('%p is no URL of a request', async (url) => {
  await expect(dpopProof({ identity, method: 'GET', url, token: 't' })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('expected one such as http://'),
  })
})

test.each(SMALL_ORDER_POINTS)('the point %s of small order is no key', (x) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(x, 'hex').toString('base64url') }
  const text = `${part({ typ: 'dpop+jwt', alg: 'EdDSA', jwk })}.${part({})}.${Buffer.alloc(64).toString('base64url')}`
  expect(readDpopProof(text, Date.now())).toEqual({ problem: 'DPOP_KEY_INVALID' })
})
