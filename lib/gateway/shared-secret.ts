import { createHash, timingSafeEqual } from 'node:crypto'
import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import { unauthorized } from './credential-refusal.ts'
import type { ConnectRefusal } from './decide-connect.ts'

/**
 * A secret that all clients share, asked for before anything else. It identifies nobody and pairs nobody: a
 * device still needs its pairing.
 */
export type AuthOptions =
  | {
      /** Nothing is asked for: the default. */
      mode: 'none'
    }
  | {
      /** Clients send it as `auth.token`. */
      mode: 'token'
      /** At least 16 characters; compared in constant time. */
      token: string
    }
  | {
      /** Clients send it as `auth.password`. */
      mode: 'password'
      /** Compared in constant time. Failed attempts are limited. */
      password: string
    }

/** What a client sent of the secret. */
export type GivenSecret = { readonly token: string | null; readonly password: string | null }

export type SharedSecret = {
  readonly mode: AuthOptions['mode']
  /** Whether there is anything to compare. */
  isGiven(given: GivenSecret): boolean
  /** `missing`: it sent none. */
  check(given: GivenSecret): 'right' | 'wrong' | 'missing'
  missing(): ConnectRefusal
  wrong(hasDevice: boolean): ConnectRefusal
}

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseSharedSecret(options: AuthOptions = { mode: 'none' }): SharedSecret {
  const { mode, secret } = parse(options)
  const name = mode === 'password' ? 'password' : 'token'
  const Name = name.toUpperCase()
  return {
    mode,
    isGiven: (given) => mode !== 'none' && isText(given[name]),
    check(given) {
      if (mode === 'none') return 'right'
      const said = given[name]
      if (!isText(said)) return 'missing'
      return timingSafeEqual(digest(said), digest(secret)) ? 'right' : 'wrong'
    },
    missing: () =>
      unauthorized(`gateway ${name} missing`, {
        code: `AUTH_${Name}_MISSING`,
        authReason: `${name}_missing`,
        recommendedNextStep: 'update_auth_configuration',
      }),
    wrong: (hasDevice) =>
      unauthorized(`gateway ${name} mismatch`, {
        code: `AUTH_${Name}_MISMATCH`,
        authReason: `${name}_mismatch`,
        canRetryWithDeviceToken: hasDevice,
        recommendedNextStep: hasDevice ? 'retry_with_device_token' : 'update_auth_credentials',
      }),
  }
}

function parse(options: AuthOptions | null): { readonly mode: AuthOptions['mode']; readonly secret: string } {
  const given = (options ?? {}) as {
    readonly mode?: unknown
    readonly token?: unknown
    readonly password?: unknown
  }
  if (given.mode === 'none') {
    rejectUnknownKeys('auth', given, ['mode'])
    return { mode: 'none', secret: '' }
  }
  if (given.mode !== 'token' && given.mode !== 'password')
    throw new LatchkeyError('OPTION_INVALID', 'auth.mode: expected none, token or password')
  const { mode } = given
  rejectUnknownKeys('auth', given, ['mode', mode])
  const secret = given[mode]
  const least = mode === 'token' ? 16 : 8
  if (typeof secret === 'string' && secret.length >= least && secret.length <= 512 && !secret.includes('|'))
    return { mode, secret }
  throw new LatchkeyError(
    'OPTION_INVALID',
    `auth.${mode}: expected text of ${least} to 512 characters without "|"`,
  )
}

function isText(said: string | null): said is string {
  return said !== null && said !== ''
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
