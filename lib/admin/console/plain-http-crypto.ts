import { getPublicKey, hashes, sign } from '@noble/ed25519'
import { sha256, sha512 } from '@noble/hashes/sha2.js'

/** As a CryptoKey looks from outside; `bytes` is the seed (RFC 8032), or the public key. */
type Key = {
  readonly type: 'private' | 'public'
  readonly extractable: boolean
  readonly algorithm: { readonly name: string }
  readonly bytes: Uint8Array
}

const algorithm = { name: 'Ed25519' }

/**
 * What the client uses of WebCrypto, for a page that came over plain http from another machine: browsers keep theirs
 * from such a page. The key stays in the browser as well, but scripts of the page's origin could read it. Does *not*
 * protect against whoever can change what passes on the network: they can change the page.
 */
const subtle = {
  generateKey(): Promise<{ readonly privateKey: Key; readonly publicKey: Key }> {
    const seed = crypto.getRandomValues(new Uint8Array(32))
    return Promise.resolve({
      privateKey: { type: 'private', extractable: true, algorithm, bytes: seed },
      publicKey: { type: 'public', extractable: true, algorithm, bytes: getPublicKey(seed) },
    })
  },
  exportKey: (_format: 'raw', { bytes }: Key) => Promise.resolve(bytes),
  sign: (_algorithm: object, { bytes }: Key, data: Uint8Array) => Promise.resolve(sign(data, bytes)),
  digest: (_algorithm: 'SHA-256', data: Uint8Array) => Promise.resolve(sha256(data)),
}

export function provideCrypto(): void {
  hashes.sha512 = sha512
  Object.defineProperty(crypto, 'subtle', { value: subtle })
}
