import { LatchkeyError } from '../errors.ts'
import type { RoleAsk } from '../pairing/pairing-request.ts'

/** Lists are kept as JSON text, which every database can hold. Throws `STORE_CORRUPT` when it is not what was put. */
export function readScopes(text: string): string[] {
  const value = parse(text)
  return isStrings(value) ? value : damaged(text)
}

/** As {@link readScopes}, for the asks of a request. */
export function readAsks(text: string): RoleAsk[] {
  const value = parse(text)
  return Array.isArray(value) && value.every(isAsk) ? value : damaged(text)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isAsk(value: unknown): value is RoleAsk {
  if (typeof value !== 'object' || value === null) return false
  return 'role' in value && typeof value.role === 'string' && 'scopes' in value && isStrings(value.scopes)
}

function damaged(text: string): never {
  const shown = JSON.stringify(text.slice(0, 60))
  throw new LatchkeyError(
    'STORE_CORRUPT',
    `the store is damaged: a list was expected, but a row holds ${shown}`,
  )
}
