import { cleanName, isRole, isScope, sortedUnion, type Device, type RoleAsk } from '../pairing/index.ts'
import {
  CLOSE,
  describeDeviceProofProblem,
  MAX_PROTOCOL,
  MIN_PROTOCOL,
  readConnectParams,
  verifyDeviceProof,
  type ConnectParams,
  type ErrorShape,
  type ProvedDevice,
} from '../protocol/index.ts'

/** A connect whose form and signature are in order. */
export type ProvedConnect = {
  readonly protocol: number
  readonly device: ProvedDevice
  readonly ask: RoleAsk
  readonly claims: Pick<Device, 'displayName' | 'platform' | 'deviceFamily' | 'clientId' | 'clientMode'>
  readonly token: string | null
  /** Not verified yet. */
  readonly localProof: string | null
}

export type ConnectProblem = { readonly error: ErrorShape; readonly closeCode: number }

/** Reads and verifies the params of `connect`. Nothing is written before this has passed. */
export function readConnect(
  raw: unknown,
  nonce: string,
  roles: readonly string[],
  nowMs: number,
): { readonly connect: ProvedConnect } | { readonly problem: ConnectProblem } {
  const read = readConnectParams(raw)
  if ('problem' in read) return problem('INVALID_REQUEST', `invalid connect ${read.problem}`)
  const params = read.value
  const { minProtocol, maxProtocol } = params
  const protocol = Math.min(maxProtocol, MAX_PROTOCOL)
  if (minProtocol > maxProtocol || protocol < MIN_PROTOCOL || protocol < minProtocol)
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
  if (params.device === undefined) {
    return problem('NOT_PAIRED', 'device identity required', { code: 'DEVICE_IDENTITY_REQUIRED' })
  }
  const proof = verifyDeviceProof(params, params.device, nonce, nowMs)
  if ('problem' in proof) {
    return problem('INVALID_REQUEST', describeDeviceProofProblem(proof.problem), { code: proof.problem })
  }
  const { auth, client } = params
  return {
    connect: {
      protocol,
      device: proof.device,
      ask: { role, scopes: scopesOf(role, params.scopes ?? []) },
      claims: {
        displayName: cleanName(client.displayName),
        platform: cleanName(client.platform),
        deviceFamily: cleanName(client.deviceFamily),
        clientId: client.id,
        clientMode: client.mode,
      },
      // `auth.token` may also be a secret meant for a gateway that shares one, so it refuses nobody.
      localProof: params.localProof ?? null,
      token: auth?.deviceToken ?? null,
    },
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
