import { recipesIn } from '../locality/advice.ts'
import {
  decideLocality,
  localityPolicy,
  type LocalityOptions,
  type LocalityVerdict,
} from '../locality/index.ts'
import type { ProxyRecipe } from '../locality/proxy-recipes.ts'
import { readRecord } from './request-record.ts'

export type { LocalityVerdict } from '../locality/index.ts'
export type { ProxyRecipe } from '../locality/proxy-recipes.ts'

/** A verdict, with what was left unread of the record that it is about. */
export type Explanation = { readonly verdict: LocalityVerdict; readonly ignored: readonly string[] }

/**
 * The verdict on a recorded or a made-up request: what the gateway would say of it, given what the record says
 * of the kernel's answer. Asks no kernel and remembers nothing.
 *
 * @param options those of `localityPolicy`, unchecked
 * @param record see `readRecord`, unchecked
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID, INVALID_REQUEST with what was wrong and what was expected
 */
export function explainRequest(
  options: unknown,
  record: unknown,
  ownUid: number | undefined = process.geteuid?.(),
): Explanation {
  const policy = localityPolicy(options as LocalityOptions)
  const { facts, ignored } = readRecord(record, ownUid)
  return { verdict: decideLocality(policy, facts), ignored }
}

/** The lines to write for the proxies that a verdict's advice speaks of. */
export function recipesOf(verdict: { readonly advice?: string }): readonly ProxyRecipe[] {
  return verdict.advice === undefined ? [] : recipesIn(verdict.advice)
}
