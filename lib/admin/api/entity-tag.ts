import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ApiProblem } from './problem.ts'
import { headerList } from './header-values.ts'

const TAG = /(W\/)?("[\x21\x23-\x7e]*")/g

/** A strong ETag (RFC 9110, section 8.8.3) of a representation: the same content has the same tag. */
export function entityTag(content: string): string {
  return `"${createHash('sha256').update(content, 'utf8').digest('base64url').slice(0, 32)}"`
}

/** If-None-Match: true when the client has this already. Compares weakly, as RFC 9110 has it. */
export function isNotModified(request: IncomingMessage, tag: string): boolean {
  const given = headerList(request, 'if-none-match')
  if (given === null) return false
  return given.trim() === '*' || [...given.matchAll(TAG)].some((match) => match[2] === tag)
}

export function hasIfMatch(request: IncomingMessage): boolean {
  return headerList(request, 'if-match') !== null
}

/**
 * If-Match: compares strongly, so that a weak tag never matches.
 *
 * @throws {ApiProblem} PRECONDITION_FAILED with the tag of what is there now
 */
export function requireIfMatch(request: IncomingMessage, tag: string): void {
  const given = headerList(request, 'if-match')
  if (given === null || given.trim() === '*') return
  if ([...given.matchAll(TAG)].some((match) => match[1] === undefined && match[2] === tag)) return
  throw new ApiProblem('PRECONDITION_FAILED', 'what is there now has another ETag; read it again', {
    members: { currentETag: tag },
  })
}
