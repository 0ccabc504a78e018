import type { LocalityPolicy } from './policy.ts'

/** A header list as far as a decision can tell it from another: each name, and `null` for a value that says nothing. */
export type HeaderShape = readonly (string | null)[]

/** `rawHeaders`: name, value, name, value, … Of another policy the shape is worth nothing. */
export function headerShape(policy: LocalityPolicy, rawHeaders: readonly string[]): HeaderShape {
  const shape: (string | null)[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    shape.push(name)
    if (i + 1 === rawHeaders.length) break
    shape.push(policy.classifyField(name).kind === 'other' ? null : (rawHeaders[i + 1] ?? ''))
  }
  return shape
}

/** True when nothing that is read from the headers would be different. */
export function hasShape(rawHeaders: readonly string[], shape: HeaderShape): boolean {
  if (rawHeaders.length !== shape.length) return false
  for (let i = 0; i < shape.length; i += 1) {
    const expected = shape[i]
    if (expected !== null && expected !== rawHeaders[i]) return false
  }
  return true
}
