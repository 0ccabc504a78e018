/** Protocol versions that are spoken, lowest and highest. */
export const MIN_PROTOCOL = 3
export const MAX_PROTOCOL = 4

export type RequestFrame = {
  readonly type: 'req'
  readonly id: string
  readonly method: string
  readonly params?: unknown
}

export type ErrorShape = {
  readonly code: string
  readonly message: string
  readonly details?: unknown
  readonly retryable?: boolean
  readonly retryAfterMs?: number
}

/** How deep arrays and objects may nest in a frame. */
const MAX_DEPTH = 64

/**
 * The JSON value of a frame, or `null` when the text is not JSON or nests deeper than 64. Depth is counted
 * before parsing, so that what walks the value later cannot be made to overflow.
 */
export function parseJson(text: string): { readonly value: unknown } | null {
  if (!isShallow(text)) return null
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

function isShallow(text: string): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i += 1
      else if (code === 0x22) inString = false
    } else if (code === 0x22) {
      inString = true
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1
      if (depth > MAX_DEPTH) return false
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1
    }
  }
  return true
}

/** A plain object: not an array, not `null`. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Checks the envelope of a request; says what is wrong with it otherwise. */
export function readRequestFrame(
  value: unknown,
): RequestFrame | { readonly problem: string; readonly id: string | null } {
  if (!isRecord(value)) return { problem: 'a frame must be a JSON object', id: null }
  const { type, id, method, params } = value
  const knownId = typeof id === 'string' && id.length > 0 && id.length <= 128 ? id : null
  if (type !== 'req') return { problem: 'a client sends frames of type "req" only', id: knownId }
  if (knownId === null) return { problem: 'id must be text of 1 to 128 characters', id: null }
  if (typeof method !== 'string' || method.length === 0 || method.length > 128) {
    return { problem: 'method must be text of 1 to 128 characters', id: knownId }
  }
  return params === undefined ? { type, id: knownId, method } : { type, id: knownId, method, params }
}
