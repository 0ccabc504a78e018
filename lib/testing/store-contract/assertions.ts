import assert from 'node:assert/strict'

/** The same values in the same places. Test runners have objects of several realms, so their prototypes do not count. */
export function deepEqual(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(plain(actual), plain(expected), message)
}

export function equal(actual: unknown, expected: unknown): void {
  assert.equal(actual, expected)
}

export function notEqual(actual: unknown, expected: unknown): void {
  assert.notEqual(actual, expected)
}

/** It must reject with an error that has all of this, and may have more. */
export async function rejectsWith(
  promise: Promise<unknown>,
  expected: Readonly<Record<string, unknown>>,
): Promise<void> {
  const error = await rejectionOf(promise)
  const found = error as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(expected)) {
    const isPart = typeof value === 'object' && value !== null
    const actual = isPart ? { ...(found[name] as object), ...value } : value
    deepEqual(found[name], actual, `expected an error with ${JSON.stringify(expected)}, got ${String(error)}`)
  }
}

/** It must reject with this very error. */
export async function rejectsWithItself(promise: Promise<unknown>, expected: Error): Promise<void> {
  equal(await rejectionOf(promise), expected)
}

async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new assert.AssertionError({ message: 'expected a rejection, but it resolved', operator: 'rejects' })
}

/** Rows are JSON, with nothing in the place of what is undefined. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, plain(part)]),
  )
}
