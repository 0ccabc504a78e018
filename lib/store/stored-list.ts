import { LatchkeyError } from '../errors.ts'
import type { PairingRequest, PartialApproval, RoleAsk, Verification } from '../pairing/pairing-request.ts'

type Trace = PairingRequest['localityTrace']

// Lists and small objects are kept as JSON text, which every database can hold. Each reader throws
// `STORE_CORRUPT` when it is not what was put.

export function readStrings(text: string): string[] {
  return read(text, isStrings)
}

export function readAsks(text: string): RoleAsk[] {
  return read(text, isAsks)
}

export function readTrace(text: string): Trace {
  return read(text, (value): value is Trace => Array.isArray(value) && value.every(isTraceEntry))
}

export function readVerification(text: string): Verification | null {
  return read(text, (value): value is Verification | null => value === null || isVerification(value))
}

export function readApprovals(text: string): PartialApproval[] {
  return read(text, (value): value is PartialApproval[] => Array.isArray(value) && value.every(isApproval))
}

function read<T>(text: string, isRight: (value: unknown) => value is T): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (isRight(value)) return value
  const shown = JSON.stringify(text.slice(0, 60))
  throw new LatchkeyError('STORE_CORRUPT', `the store is damaged: a row holds ${shown} where a list belongs`)
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isAsks(value: unknown): value is RoleAsk[] {
  return Array.isArray(value) && value.every((ask) => hasTexts(ask, ['role']) && isStrings(ask.scopes))
}

function isTraceEntry(value: unknown): boolean {
  return hasTexts(value, ['rule', 'outcome', 'saw'])
}

function isVerification(value: unknown): boolean {
  return hasTexts(value, ['commitment', 'gatewayNonce', 'role', 'code']) && isStrings(value.scopes)
}

function isApproval(value: unknown): boolean {
  if (!hasTexts(value, ['by']) || !isAsks(value.asks)) return false
  const { authority, expiresInMs } = value
  const isLimit = expiresInMs === null || typeof expiresInMs === 'number'
  return isLimit && hasTexts(authority, ['role']) && isStrings(authority.scopes)
}

function hasTexts(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'string')
}
