import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { PeerLookup } from '../evidence/index.ts'
import type { LocalityOptions } from '../locality/index.ts'
import {
  isRole,
  isScope,
  type ApprovalOptions,
  type Clock,
  type PairingEvent,
  type PairingStore,
  type ScopeRules,
  type SilentOptions,
} from '../pairing/index.ts'
import { MAX_PROTOCOL, MIN_PROTOCOL } from '../protocol/index.ts'
import type { PolicyHook } from './approve-by-policy.ts'
import type { AuditKeyOption } from './audit-signer.ts'
import { parseLimits, type GatewayLimits } from './limits.ts'
import type { LocalSecretOption } from './local-secret.ts'
import { guarded, QUIET, type Logger } from './logger.ts'
import { parseNoticeOptions, type NoticeConfig, type NoticeOptions } from './notices/notice-options.ts'
import type { AuthOptions } from './shared-secret.ts'

/**
 * How a gateway works. Only `store` has no default.
 *
 * @inline
 */
export type GatewayOptions = {
  /** Where pairings are kept: `await sqliteStore('…')`. The gateway closes it with itself. */
  store: PairingStore
  /** How locality is decided; give `localClient()` the same. */
  locality?: LocalityOptions
  /** Narrows silent pairing. */
  silent?: SilentOptions
  /** What an approval takes: a typed code, a second approver. Default: neither. */
  approval?: ApprovalOptions
  /**
   * A rule of the app's own for requests that would wait. It gets what was verified and what the client claims
   * apart. What throws, takes longer than `limits.policyMs` or answers anything else means `ask`.
   */
  approve?: PolicyHook
  /** A secret that all clients share, asked for before anything else. Default `{ mode: 'none' }`. */
  auth?: AuthOptions
  /** The lowest protocol version that is accepted: 3 or 4. Default 3. */
  minProtocol?: 3 | 4
  /** Roles that a device may ask for. Default `operator` and `node`. */
  roles?: readonly string[]
  /** Which scope gives which others, in place of the default rules. */
  scopes?: ScopeRules
  /** Caps, sizes and times, each with a default. */
  limits?: Partial<GatewayLimits>
  /**
   * Lets clients of this user prove that they can read a file of mode 0600, where the kernel cannot be asked.
   * Default `true`: a new file for each start, in `~/.latchkey/run`. `{ file }`: one of your choice, which stays.
   */
  localSecret?: LocalSecretOption
  /**
   * The Ed25519 key that signs the end of the audit log. Default: one per user, made when there is none, in
   * `~/.latchkey/audit/key.json`, with the latest signed head of each gateway beside it; not for a memory store.
   * `{ file }`: one of your choice, in a private folder; `false`: the log is chained, but not signed.
   */
  auditKey?: AuditKeyOption
  /**
   * Names the host that this gateway runs on. What is paired silently counts on that host alone, so with one store
   * for several hosts no two may have the same name. Default: a hash of the machine's id and host name.
   */
  host?: string
  /** Lets a scraper that sends `Authorization: Bearer <token>` read the metrics. Default: local clients alone. */
  metricsToken?: string
  /** Tells the owner of new requests and silent grants. Default: nobody is told. */
  notices?: NoticeOptions
  /** Default: errors go to `console.error`, the rest nowhere. */
  logger?: Logger
  /**
   * Told after each commit, in order: a request was made or resolved, a device was let in without a question,
   * lost something or was removed, the taint or another thing that owners look at changed.
   */
  onEvent?: (event: PairingEvent) => void
  /** Asks the kernel who is at the other end. Default: what this platform has. */
  peerLookup?: PeerLookup
  /** Milliseconds since the epoch; must not run backwards. Default: anchored at start, then monotonic. */
  clock?: Clock
}

const KNOWN: Record<keyof Required<GatewayOptions>, true> = {
  store: true,
  locality: true,
  silent: true,
  approval: true,
  approve: true,
  auth: true,
  minProtocol: true,
  roles: true,
  scopes: true,
  limits: true,
  localSecret: true,
  auditKey: true,
  host: true,
  metricsToken: true,
  notices: true,
  logger: true,
  onEvent: true,
  peerLookup: true,
  clock: true,
}

/** The names of all options. */
export const GATEWAY_OPTIONS: readonly string[] = Object.keys(KNOWN)

export type GatewayConfig = Required<
  Omit<
    GatewayOptions,
    'peerLookup' | 'scopes' | 'limits' | 'host' | 'metricsToken' | 'approve' | 'notices' | 'auditKey'
  >
> & {
  readonly approve: PolicyHook | null
  readonly auditKey: AuditKeyOption | undefined
  readonly host: string | null
  readonly metricsToken: string | null
  readonly notices: NoticeConfig
  readonly limits: GatewayLimits
  readonly scopes: ScopeRules | undefined
}

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseGatewayOptions(options: GatewayOptions): GatewayConfig {
  if (typeof (options as unknown) !== 'object' || (options as unknown) === null)
    throw new LatchkeyError('OPTION_INVALID', 'createGateway: expected options: { store: … } at least')
  rejectUnknownKeys('createGateway', options, Object.keys(KNOWN))
  if (typeof (options.store as PairingStore | undefined)?.transaction !== 'function') {
    throw new LatchkeyError(
      'OPTION_INVALID',
      "store: expected a store, such as await sqliteStore('.latchkey/latchkey.db')",
    )
  }
  requireFunctions('logger', options.logger, ['info', 'warn', 'error'])
  requireFunctions('clock', options.clock, ['now'])
  requireFunctions('peerLookup', options.peerLookup, ['lookup'])
  for (const name of ['onEvent', 'approve'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new LatchkeyError('OPTION_INVALID', `${name}: expected a function`)
  }
  const roles = options.roles ?? ['operator', 'node']
  if (
    !Array.isArray(roles) ||
    roles.length === 0 ||
    !roles.every((role) => typeof role === 'string' && isRole(role))
  ) {
    throw new LatchkeyError('OPTION_INVALID', 'roles: expected a list of names such as "operator"')
  }
  for (const [scope, given] of Object.entries<unknown>(options.scopes ?? {})) {
    if (isScope(scope) && Array.isArray(given) && given.every(isScopePattern)) continue
    throw new LatchkeyError(
      'OPTION_INVALID',
      `scopes: ${JSON.stringify(scope)} is not a rule such as { "photos.write": ["photos.read"] }`,
    )
  }
  return {
    store: options.store,
    locality: options.locality ?? {},
    silent: options.silent ?? {},
    approval: options.approval ?? {},
    approve: options.approve ?? null,
    // A `null` must not turn the secret off.
    auth: options.auth === undefined ? { mode: 'none' } : options.auth,
    minProtocol: parseMinProtocol(options.minProtocol),
    roles,
    scopes: options.scopes ?? undefined,
    limits: parseLimits(options.limits),
    localSecret: parseLocalSecret(options.localSecret),
    auditKey: parseAuditKey(options.auditKey),
    host: parseHost(options.host),
    metricsToken: parseToken(options.metricsToken),
    notices: parseNoticeOptions(options.notices),
    logger: guarded(options.logger ?? QUIET),
    onEvent: options.onEvent ?? (() => undefined),
    clock: options.clock ?? steadyClock(),
  }
}

function parseMinProtocol(given: unknown): 3 | 4 {
  if (given === undefined) return MIN_PROTOCOL
  if (given === MIN_PROTOCOL || given === MAX_PROTOCOL) return given
  throw new LatchkeyError('OPTION_INVALID', `minProtocol: expected ${MIN_PROTOCOL} or ${MAX_PROTOCOL}`)
}

function isScopePattern(name: unknown): boolean {
  return typeof name === 'string' && isScope(name.replace(/\.\*$/, ''))
}

function requireFunctions(name: string, value: object | undefined, methods: readonly string[]): void {
  const found = value as Readonly<Record<string, unknown>> | null | undefined
  if (found === undefined) return
  if (found !== null && methods.every((method) => typeof found[method] === 'function')) return
  throw new LatchkeyError('OPTION_INVALID', `${name}: expected an object with ${methods.join('(), ')}()`)
}

/** A clock that a change of the wall clock does not move. */
function steadyClock(): Clock {
  const offset = Date.now() - performance.now()
  return { now: () => Math.round(offset + performance.now()) }
}

function parseLocalSecret(given: unknown): LocalSecretOption {
  if (given === undefined || typeof given === 'boolean') return given ?? true
  const file = fileOf(given)
  if (file !== null) return { file }
  throw new LatchkeyError(
    'OPTION_INVALID',
    'localSecret: expected true, false or { file: "/path/of/the/secret" }',
  )
}

function parseAuditKey(given: unknown): AuditKeyOption | undefined {
  if (given === undefined || given === false) return given
  const file = fileOf(given)
  if (file !== null) return { file }
  throw new LatchkeyError('OPTION_INVALID', 'auditKey: expected false or { file: "/path/of/the/key" }')
}

function fileOf(given: unknown): string | null {
  const file =
    typeof given === 'object' && given !== null ? (given as { readonly file?: unknown }).file : undefined
  return typeof file === 'string' && file !== '' ? file : null
}

function parseHost(given: unknown): string | null {
  if (given === undefined) return null
  if (typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given)) return given
  throw new LatchkeyError('OPTION_INVALID', 'host: expected a name of 1 to 128 printable ASCII characters')
}

function parseToken(given: unknown): string | null {
  if (given === undefined) return null
  if (typeof given === 'string' && given.length >= 16) return given
  throw new LatchkeyError('OPTION_INVALID', 'metricsToken: expected at least 16 characters')
}
