import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import { isRecord } from '../protocol/frames.ts'
import type { DeviceIdentity } from './device-identity.ts'

/** Secrets that a gateway may ask for besides the device's key. */
export type ConnectAuth = {
  /** The gateway's shared token. */
  token?: string
  /** The gateway's shared password. */
  password?: string
  /** One that lets a new device in. */
  bootstrapToken?: string
}

/** How to connect. Unknown names are refused. */
export type ConnectOptions = {
  /** `ws://127.0.0.1:4747/gateway` */
  url: string
  /** `null`: without a device, for a gateway that lets such clients in with its shared secret. */
  identity: DeviceIdentity | null
  /** Default `operator`. */
  role?: string
  /** The least that the calls need. Default: none. */
  scopes?: readonly string[]
  /** How it calls itself. Gives no rights. */
  client?: {
    /** The program. Default `latchkey-client`. */
    id?: string
    /** How it runs. Default `backend`. */
    mode?: string
    /** Its version. Default `1`. */
    version?: string
    /** The device's name for people: the owner sees it beside the request. */
    displayName?: string
  }
  /** What the gateway asks for besides the key. Default: nothing. */
  auth?: ConnectAuth
  /** A device token from an earlier hello-ok; the key alone is enough. */
  deviceToken?: string
  /** For connecting and for each request, in milliseconds. Default 30 s. */
  timeoutMs?: number
  /** Told every event but the challenge. What it throws ends up uncaught, as in any listener. */
  onEvent?: (event: string, payload: unknown) => void
  /** Gives up connecting, or a call as a whole; the promise then rejects with the signal's reason. */
  signal?: AbortSignal
}

/** The options with every default filled in. */
export type ConnectSettings = {
  readonly url: string
  readonly identity: DeviceIdentity | null
  readonly role: string
  readonly scopes: readonly string[]
  readonly client: Readonly<{ id: string; mode: string; version: string; displayName?: string }>
  readonly auth: Readonly<ConnectAuth & { deviceToken?: string }>
  readonly timeoutMs: number
  readonly onEvent: (event: string, payload: unknown) => void
  readonly signal: AbortSignal | undefined
}

const KNOWN: Readonly<Record<keyof Required<ConnectOptions>, true>> = {
  url: true,
  identity: true,
  role: true,
  scopes: true,
  client: true,
  auth: true,
  deviceToken: true,
  timeoutMs: true,
  onEvent: true,
  signal: true,
}

/** Timers count in 32 bits: what is larger would be taken for next to nothing. */
const MAX_MS = 2 ** 31 - 1

/**
 * @param what the function whose options these are
 * @param more its further options, which it reads itself
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 */
export function parseConnectOptions(
  what: string,
  options: ConnectOptions,
  more: readonly string[],
): ConnectSettings {
  if (!isRecord(options)) throw invalid(what, 'expected options: { url, identity } at least')
  rejectUnknownKeys(what, options, [...Object.keys(KNOWN), ...more])
  const { url, identity, scopes = [], client = {}, auth = {}, deviceToken, signal } = options
  if (typeof url !== 'string') throw invalid(what, 'url: expected one such as ws://127.0.0.1:4747/gateway')
  if (!isIdentity(identity))
    throw invalid(what, 'identity: expected a device identity, or null to connect without one')
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string'))
    throw invalid(what, 'scopes: expected a list such as ["operator.read"]')
  rejectUnknownKeys(`${what}: client`, client, ['id', 'mode', 'version', 'displayName'])
  rejectUnknownKeys(`${what}: auth`, auth, ['token', 'password', 'bootstrapToken'])
  const { displayName } = client
  return {
    url,
    identity,
    role: options.role ?? 'operator',
    scopes: [...scopes] as string[],
    client: {
      id: client.id ?? 'latchkey-client',
      mode: client.mode ?? 'backend',
      version: client.version ?? '1',
      ...(displayName === undefined ? {} : { displayName }),
    },
    auth: readAuth(what, { ...auth, deviceToken }),
    timeoutMs: readMs(what, 'timeoutMs', options.timeoutMs, 30_000),
    onEvent: readFunction(what, 'onEvent', options.onEvent) ?? (() => undefined),
    signal,
  }
}

/** A duration of 1 ms to some 24 days. */
export function readMs(what: string, name: string, given: unknown, fallback: number): number {
  const ms = given ?? fallback
  if (typeof ms === 'number' && ms >= 1 && ms <= MAX_MS) return ms
  throw invalid(
    what,
    `${name}: got ${typeof ms === 'number' ? ms : typeof ms}, expected milliseconds from 1 to ${MAX_MS}`,
  )
}

export function readFunction<F>(what: string, name: string, given: F | undefined): F | undefined {
  if (given === undefined || typeof given === 'function') return given
  throw invalid(what, `${name}: expected a function`)
}

function isIdentity(value: unknown): boolean {
  if (value === null) return true
  return (
    isRecord(value) &&
    typeof value.deviceId === 'string' &&
    typeof value.publicKey === 'string' &&
    typeof value.sign === 'function'
  )
}

function readAuth(what: string, given: Readonly<Record<string, unknown>>): ConnectSettings['auth'] {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  for (const [name, value] of entries) {
    // The tokens stand in the signed text, between bars. The value itself is a secret and is not told.
    const isText = typeof value === 'string' && value.length > 0 && value.length <= 512
    if (!isText || (name !== 'password' && value.includes('|')))
      throw invalid(what, `${name}: expected text of 1 to 512 characters, without | in a token`)
  }
  return Object.fromEntries(entries)
}

function invalid(what: string, message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `${what}: ${message}`)
}
