import { ApiProblem } from './problem.ts'

/** Where a list goes on, as text that clients hand back and need not understand. */
export function writeCursor(list: string, position: unknown): string {
  return Buffer.from(JSON.stringify([list, position]), 'utf8').toString('base64url')
}

/**
 * A cursor is a place in a list and no permission: one that was made up reads nothing more.
 *
 * @throws {ApiProblem} CURSOR_INVALID
 */
export function readCursor<T>(
  list: string,
  cursor: string | undefined,
  isPosition: (value: unknown) => value is T,
): T | undefined {
  if (cursor === undefined) return undefined
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(parsed) && parsed.length === 2 && parsed[0] === list && isPosition(parsed[1]))
      return parsed[1]
  } catch {
    // Answered below.
  }
  throw new ApiProblem('CURSOR_INVALID', 'cursor: expected the one that a page of this list gave as next')
}
