import type { DeviceIdentity } from '../../lib/client/device-identity.ts'
import { signedTextV2, signedTextV3 } from '../../lib/protocol/index.ts'
import { RawClient, type Frame } from './raw-client.ts'

export type Ask = {
  role?: string
  scopes?: string[]
  minProtocol?: number
  maxProtocol?: number
  client?: Record<string, unknown>
  auth?: { token?: string; deviceToken?: string; bootstrapToken?: string; password?: string }
  version?: 'v2' | 'v3'
  signedAt?: number
  /** Goes into the signature in place of the challenge's. */
  nonce?: string
}

/** Params of a connect, signed as a client of the wire protocol does. */
export function signedConnect(identity: DeviceIdentity, nonce: string, ask: Ask = {}) {
  const { role = 'operator', scopes = ['operator.read'], auth, version = 'v3' } = ask
  const client = { id: 'test', version: '1.0.0', platform: 'linux', mode: 'test', ...ask.client }
  const signedAt = ask.signedAt ?? Date.now()
  const signedNonce = ask.nonce ?? nonce
  const claims = {
    deviceId: identity.deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role,
    scopes,
    signedAtMs: signedAt,
    token: auth?.token ?? auth?.deviceToken ?? auth?.bootstrapToken ?? '',
    nonce: signedNonce,
    platform: client.platform,
    deviceFamily: '',
  }
  // Those of Node, which the tests use, sign at once.
  const signature = identity.sign(version === 'v3' ? signedTextV3(claims) : signedTextV2(claims)) as string
  return {
    minProtocol: ask.minProtocol ?? 3,
    maxProtocol: ask.maxProtocol ?? 4,
    client,
    role,
    scopes,
    ...(auth === undefined ? {} : { auth }),
    device: {
      id: identity.deviceId,
      publicKey: identity.publicKey,
      signature,
      signedAt,
      nonce: signedNonce,
    },
  }
}

/** Opens a connection, answers the challenge and waits for the answer to `connect`. */
export async function connectAs(
  url: string,
  identity: DeviceIdentity,
  ask: Ask = {},
  headers: Record<string, string> = {},
): Promise<{ client: RawClient; answer: Frame }> {
  const client = new RawClient(url, headers)
  const nonce = await client.challenge()
  const answer = await client.request('connect', signedConnect(identity, nonce, ask))
  return { client, answer }
}

/** As `connectAs`; throws unless the answer is hello-ok. */
export async function admittedAs(
  url: string,
  identity: DeviceIdentity,
  ask: Ask = {},
  headers: Record<string, string> = {},
): Promise<{ client: RawClient; hello: Record<string, unknown> }> {
  const { client, answer } = await connectAs(url, identity, ask, headers)
  if (answer.ok !== true || answer.payload === undefined) throw new Error(JSON.stringify(answer.error))
  return { client, hello: answer.payload }
}

/** As `connectAs`, for a client without a key of its own. */
export async function connectWithoutDevice(
  url: string,
  ask: Pick<Ask, 'role' | 'scopes' | 'auth'> = {},
  headers: Record<string, string> = {},
): Promise<{ client: RawClient; answer: Frame }> {
  const client = new RawClient(url, headers)
  await client.challenge()
  const answer = await client.request('connect', {
    minProtocol: 3,
    maxProtocol: 4,
    client: { id: 'test', version: '1.0.0', platform: 'linux', mode: 'test' },
    ...ask,
  })
  return { client, answer }
}

/** Makes a connection remote, as a proxy that nobody trusts does. */
export const FORWARDED = { 'X-Forwarded-For': '203.0.113.9' }
