import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { ForwardedBy } from './forwarding-chain.ts'
import { fieldClassifier, type FieldClass } from './forwarding-headers.ts'
import { hostParser, parseHost, type HostName } from './host.ts'
import { isSerializedOrigin } from './origin.ts'
import { compileTrustList, type TrustList } from './trust-list.ts'
import type { Assurance } from './verdict.ts'

/** How locality is decided. Every field is optional. */
export type LocalityOptions = {
  /**
   * The proxies in front of this app: addresses, CIDR ranges, `loopback`, `linklocal`, `uniquelocal`, as Express
   * takes them for `trust proxy`. Default: none. A hop count or `true` is refused: both trust strangers.
   */
  trustProxy?: string | readonly string[] | false
  /** The header in which those proxies name the client. Default `x-forwarded-for`. */
  forwardedBy?: ForwardedBy
  /** More names under which this machine is called locally: `name`, or `name:port` for that port alone. */
  hosts?: readonly string[]
  /** Origins whose pages may call although they are not same-origin. They never pair silently. */
  allowedOrigins?: readonly string[]
  /** A client of this host that uses one of its own addresses is local too, when rule 9 proves it. Default false. */
  ownAddresses?: boolean
  /** More header names that mean a proxy, or prefixes that end in `*`. */
  forwardingHeaders?: readonly string[]
  /** The least assurance for *local*. Default `same-user`. */
  assurance?: Exclude<Assurance, 'none' | 'headers'>
  /** User ids, besides that of this process, whose processes count as ours. Default: none. */
  peerUsers?: readonly number[]
  /** Whether this very process may be its own local client. Default `allow`; `proof` asks for the local secret. */
  ownProcess?: 'allow' | 'proof'
  /** Whether a process that is connected to another machine is local. Default `proof`: with the local secret only. */
  outbound?: 'allow' | 'proof'
  /**
   * Believes headers alone (rules 1-8): every proxy that adds no header then makes its clients local. For
   * tests, and for platforms where nothing else can be known and no proxy exists. Default false.
   */
  dangerouslyTrustHeaders?: boolean
}

/** Options, parsed and checked once. Opaque: make one with `localityPolicy`. */
export type LocalityPolicy = {
  /** Who may speak for others. */
  readonly trusts: TrustList
  /** The header that is read. */
  readonly forwardedBy: ForwardedBy
  /** More names of this machine. */
  readonly hosts: readonly HostName[]
  /** Of a whole Host field. */
  readonly parseHostField: (text: string) => HostName | null
  /** Pages that may call, and never pair silently. */
  readonly allowedOrigins: ReadonlySet<string>
  /** Whether the machine's own addresses count. */
  readonly ownAddresses: boolean
  /** What a header name means. */
  readonly classifyField: (rawName: string) => FieldClass
  /** The least for *local*. */
  readonly assurance: Exclude<Assurance, 'none'>
  /** Users whose processes count as ours. */
  readonly peerUsers: readonly number[]
  /** Whether this very process may be its own client. */
  readonly ownProcess: 'allow' | 'proof'
  /** Whether a process that is connected to another machine is local. */
  readonly outbound: 'allow' | 'proof'
}

/** The names of all options. */
const LOCALITY_OPTION_NAMES: readonly (keyof LocalityOptions)[] = [
  'trustProxy',
  'forwardedBy',
  'hosts',
  'allowedOrigins',
  'ownAddresses',
  'forwardingHeaders',
  'assurance',
  'peerUsers',
  'ownProcess',
  'outbound',
  'dangerouslyTrustHeaders',
]

/**
 * Parses options once.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID with what was wrong and what was expected.
 */
export function localityPolicy(options: LocalityOptions = {}): LocalityPolicy {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalid('options', options, 'an object')
  rejectUnknownKeys('locality', options, LOCALITY_OPTION_NAMES)
  const trustHeaders = flag('dangerouslyTrustHeaders', options.dangerouslyTrustHeaders)
  if (trustHeaders && options.assurance !== undefined) {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `assurance: "${options.assurance}" contradicts dangerouslyTrustHeaders; leave one of them out`,
    )
  }
  const assurance = oneOf('assurance', options.assurance ?? 'same-user', ASSURANCES)
  return {
    trusts: compileTrustList(options.trustProxy),
    forwardedBy: oneOf('forwardedBy', options.forwardedBy ?? 'x-forwarded-for', FORWARDED_BY),
    hosts: texts('hosts', options.hosts).map((host) => {
      const parsed = parseHost(host)
      if (parsed === null)
        throw invalid('hosts', host, 'a name such as "gateway.test" or "gateway.test:3000"')
      return parsed
    }),
    parseHostField: hostParser(),
    allowedOrigins: new Set(
      texts('allowedOrigins', options.allowedOrigins).map((origin) => {
        if (isSerializedOrigin(origin)) return origin
        throw invalid(
          'allowedOrigins',
          origin,
          'an origin as browsers write it, such as "https://app.example"',
        )
      }),
    ),
    ownAddresses: flag('ownAddresses', options.ownAddresses),
    classifyField: fieldClassifier(
      texts('forwardingHeaders', options.forwardingHeaders).map((name) => {
        if (/^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/.test(name)) return name
        throw invalid('forwardingHeaders', name, 'a header name, or the beginning of one followed by *')
      }),
    ),
    assurance: trustHeaders ? 'headers' : assurance,
    peerUsers: list('peerUsers', options.peerUsers).map((uid) => {
      if (Number.isInteger(uid) && (uid as number) >= 0) return uid as number
      throw invalid('peerUsers', uid, 'a numeric user id')
    }),
    ownProcess: oneOf('ownProcess', options.ownProcess ?? 'allow', ALLOW_OR_PROOF),
    outbound: oneOf('outbound', options.outbound ?? 'proof', ALLOW_OR_PROOF),
  }
}

const ASSURANCES = ['same-user', 'private-listener', 'local-secret'] as const
const FORWARDED_BY = ['x-forwarded-for', 'forwarded'] as const
const ALLOW_OR_PROOF = ['allow', 'proof'] as const

function oneOf<const T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw invalid(name, value, choices.map((choice) => `"${choice}"`).join(' or '))
  return found
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalid(name, value, 'true or false')
}

function list(name: string, value: unknown): readonly unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalid(name, value, 'a list')
  return value
}

function texts(name: string, value: unknown): string[] {
  return list(name, value).map((entry) => {
    if (typeof entry !== 'string') throw invalid(name, entry, 'text')
    return entry
  })
}

function invalid(name: string, value: unknown, expected: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `${name}: got ${JSON.stringify(value)}, expected ${expected}`)
}
