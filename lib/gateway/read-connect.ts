import { cleanName, isRole, isScope, sortedUnion, type Device, type RoleAsk } from '../pairing/index.ts'
import type { ProvedDevice } from '../protocol/device-key.ts'
import type { ErrorShape } from '../protocol/frames.ts'
import {
  CLOSE,
  describeDeviceProofProblem,
  MAX_PROTOCOL,
  readConnectParams,
  verifyDeviceProof,
  type ConnectParams,
} from '../protocol/index.ts'
import type { GivenSecret } from './shared-secret.ts'

/** A connect whose form is in order, and the signature of its device. */
export type ReadConnect = {
  readonly protocol: number
  /** `null`: the client has no key of its own. */
  readonly device: ProvedDevice | null
  readonly ask: RoleAsk
  /** As the client said it, for the verification code: with scopes that its role cannot have. */
  readonly asked: RoleAsk
  readonly claims: Pick<Device, 'displayName' | 'platform' | 'deviceFamily' | 'clientId' | 'clientMode'>
  /** A device token. */
  readonly token: string | null
  /** The token of an invitation. */
  readonly bootstrapToken: string | null
  /** What it sent of the shared secret. */
  readonly secret: GivenSecret
  /** Its half of the verification code. */
  readonly clientNonce: string | null
  /** Not verified yet. */
  readonly localProof: string | null
}

export type DeviceConnect = ReadConnect & {
  readonly device: ProvedDevice
  /** It did not know the shared secret: a token of its own or an invitation has to do. */
  readonly requiresToken: boolean
}

export type ConnectProblem = {
  readonly error: ErrorShape
  readonly closeCode: number
  /** The proof of the device is wrong in a way that no wrong clock explains. */
  readonly isBadProof?: boolean
}

/** What a connect is held against. */
export type ConnectContext = {
  /** Of the challenge. */
  readonly nonce: string
  readonly roles: readonly string[]
  /** The lowest version that is accepted. */
  readonly minProtocol: number
  readonly nowMs: number
}

/** Reads and verifies the params of `connect`. Nothing is written before this has passed. */
export function readConnect(
  raw: unknown,
  context: ConnectContext,
): { readonly connect: ReadConnect } | { readonly problem: ConnectProblem } {
  const read = readConnectParams(raw)
  if ('problem' in read) return problem('INVALID_REQUEST', `invalid connect ${read.problem}`)
  const params = read.value
  const { nonce, roles, nowMs } = context
  const { minProtocol, maxProtocol } = params
  const protocol = Math.min(maxProtocol, MAX_PROTOCOL)
  if (minProtocol > maxProtocol || protocol < context.minProtocol || protocol < minProtocol)
    return protocolMismatch(params)

  const role = params.role ?? 'operator'
  if (!isRole(role) || !roles.includes(role)) {
    return problem('INVALID_REQUEST', `unknown role: expected one of ${roles.join(', ')}`, {
      code: 'ROLE_UNKNOWN',
    })
  }
  if (!(params.scopes ?? []).every(isScope)) {
    return problem('INVALID_REQUEST', 'a scope is a dotted name such as operator.read', {
      code: 'SCOPE_INVALID',
    })
  }
  const proof = proveDevice(params, nonce, nowMs)
  if (proof !== null && 'problem' in proof) return { problem: proof.problem }
  return { connect: connectOf(params, protocol, role, proof?.device ?? null) }
}

function proveDevice(
  params: ConnectParams,
  nonce: string,
  nowMs: number,
): { readonly device: ProvedDevice } | { readonly problem: ConnectProblem } | null {
  if (params.device === undefined) return null
  const proof = verifyDeviceProof(params, params.device, nonce, nowMs)
  if ('device' in proof) return proof
  const code = proof.problem
  const refused = problem('INVALID_REQUEST', describeDeviceProofProblem(code), { code })
  return { problem: { ...refused.problem, isBadProof: code !== 'DEVICE_AUTH_SIGNATURE_EXPIRED' } }
}

function connectOf(
  params: ConnectParams,
  protocol: number,
  role: string,
  device: ProvedDevice | null,
): ReadConnect {
  const { auth, client, scopes = [] } = params
  return {
    protocol,
    device,
    ask: { role, scopes: scopesOf(role, scopes) },
    asked: { role, scopes: sortedUnion(scopes) },
    claims: {
      displayName: cleanName(client.displayName),
      platform: cleanName(client.platform),
      deviceFamily: cleanName(client.deviceFamily),
      clientId: client.id,
      clientMode: client.mode,
    },
    // `auth.token` may also be a secret meant for a gateway that shares one, so it refuses nobody here.
    token: auth?.deviceToken ?? null,
    bootstrapToken: auth?.bootstrapToken ?? null,
    secret: { token: auth?.token ?? null, password: auth?.password ?? null },
    clientNonce: params.verification?.nonce ?? null,
    localProof: params.localProof ?? null,
  }
}

/** Published clients send `operator.admin` in any role unless told otherwise; only operators have such scopes. */
function scopesOf(role: string, scopes: readonly string[]): string[] {
  return sortedUnion(role === 'operator' ? scopes : scopes.filter((scope) => !scope.startsWith('operator.')))
}

function protocolMismatch({ minProtocol, maxProtocol }: ConnectParams): { readonly problem: ConnectProblem } {
  const details = {
    code: 'PROTOCOL_MISMATCH',
    clientMinProtocol: minProtocol,
    clientMaxProtocol: maxProtocol,
    expectedProtocol: MAX_PROTOCOL,
  }
  return {
    problem: {
      error: { code: 'INVALID_REQUEST', message: 'protocol mismatch', details },
      closeCode: CLOSE.protocol,
    },
  }
}

function problem(code: string, message: string, details?: object): { readonly problem: ConnectProblem } {
  return {
    problem: {
      error: { code, message, ...(details === undefined ? {} : { details }) },
      closeCode: CLOSE.policy,
    },
  }
}
