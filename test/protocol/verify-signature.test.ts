import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { isSignedBy } from '../../lib/protocol/verify-signature.ts'

function signer() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const rawKey = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return { rawKey, sign: (text: string) => sign(null, Buffer.from(text), privateKey) }
}

test('a key that is remembered proves no more than it did at first, however many come after it', () => {
  const [first, ...others] = Array.from({ length: 600 }, signer)
  if (first === undefined) throw new TypeError('there are some')
  for (const { rawKey, sign: by } of [first, ...others, first]) {
    expect(isSignedBy(rawKey, by('text'), ['another', 'text'])).toBe(true)
    expect(isSignedBy(rawKey, by('text'), ['another'])).toBe(false)
    expect(isSignedBy(rawKey, first.sign('text'), ['text'])).toBe(rawKey === first.rawKey)
    expect(isSignedBy(rawKey, Buffer.alloc(64), ['text'])).toBe(false)
  }
})
