import { LatchkeyError } from '../errors.ts'
import { MAX_PROTOCOL, MIN_PROTOCOL } from '../protocol/frames.ts'
import { signedTextV3 } from '../protocol/signed-text.ts'
import type { ReadChallenge } from './challenge.ts'
import type { ClientPlatform } from './client-platform.ts'
import type { ConnectSettings } from './connect-options.ts'
import type { DeviceIdentity } from './device-identity.ts'
import { clientNonceFor, sortedUnique, type NonceContext } from './verification.ts'

export type ConnectRequest = {
  readonly params: object
  /** What the nonce for the verification code was made for; `null` when none was sent. */
  readonly sent: NonceContext | null
}

/**
 * Params of `connect`, signed for this challenge.
 *
 * @throws {LatchkeyError} IDENTITY_INVALID when the identity cannot sign
 */
export async function connectRequest(
  platform: ClientPlatform,
  settings: ConnectSettings,
  challenge: ReadChallenge,
  localProof: string | null,
): Promise<ConnectRequest> {
  const { identity, role, scopes, client, auth } = settings
  const params = {
    minProtocol: MIN_PROTOCOL,
    maxProtocol: MAX_PROTOCOL,
    client: { ...client, platform: platform.name },
    role,
    scopes,
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
  }
  if (identity === null) return { params, sent: null }
  try {
    const device = await deviceProof(platform, settings, identity, challenge)
    const { offer } = challenge
    const sent = offer === null ? null : { ...offer, role, scopes: sortedUnique(scopes) }
    const nonce = sent === null ? null : await clientNonceFor(platform, identity, sent)
    return {
      params: {
        ...params,
        device,
        ...(localProof === null ? {} : { localProof }),
        ...(nonce === null ? {} : { verification: { nonce } }),
      },
      sent: nonce === null ? null : sent,
    }
  } catch (error) {
    if (error instanceof LatchkeyError) throw error
    throw new LatchkeyError('IDENTITY_INVALID', `the device identity could not sign: ${String(error)}`, {
      cause: error,
    })
  }
}

async function deviceProof(
  platform: ClientPlatform,
  { client, role, scopes, auth }: ConnectSettings,
  identity: DeviceIdentity,
  { nonce, ts }: ReadChallenge,
): Promise<object> {
  const { deviceId, publicKey } = identity
  const signature = await identity.sign(
    signedTextV3({
      deviceId,
      clientId: client.id,
      clientMode: client.mode,
      role,
      scopes,
      signedAtMs: ts,
      token: auth.token ?? auth.deviceToken ?? auth.bootstrapToken ?? '',
      nonce,
      platform: platform.name,
      deviceFamily: '',
    }),
  )
  return { id: deviceId, publicKey, signature, signedAt: ts, nonce }
}
