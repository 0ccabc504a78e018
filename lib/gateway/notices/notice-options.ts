import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'

/** How the owner is told of new requests, and of devices that were let in silently. Default: not at all. */
export type NoticeOptions = {
  /**
   * A POST of JSON, signed as Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature) with this
   * secret: base64 of at least 24 bytes, with or without `whsec_` before it.
   */
  webhook?: {
    /** http or https, without a name and password in it. */
    url: string
    /** Signs each notice: base64 of at least 24 bytes. */
    secret: string
  }
  /** A program and its arguments, without a shell; it gets the notice as JSON on its standard input. */
  command?: readonly string[]
  /** One notice in this time, in milliseconds. Default 60,000. */
  windowMs?: number
  /** Tell of silent grants too. Default true. */
  silentGrants?: boolean
}

export type NoticeConfig = {
  readonly webhook: { readonly url: string; readonly secret: Buffer } | null
  readonly command: readonly string[] | null
  readonly windowMs: number
  readonly silentGrants: boolean
}

const MAX_WINDOW_MS = 24 * 60 * 60 * 1000

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseNoticeOptions(options: NoticeOptions = {}): NoticeConfig {
  rejectUnknownKeys('notices', options, ['webhook', 'command', 'windowMs', 'silentGrants'])
  const { windowMs = 60_000, silentGrants = true } = options
  if (!Number.isInteger(windowMs) || windowMs < 1000 || windowMs > MAX_WINDOW_MS)
    throw invalid('windowMs', `expected milliseconds from 1000 to ${MAX_WINDOW_MS}`)
  if (typeof (silentGrants as unknown) !== 'boolean') throw invalid('silentGrants', 'expected true or false')
  return {
    webhook: parseWebhook(options.webhook),
    command: parseCommand(options.command),
    windowMs,
    silentGrants,
  }
}

function parseWebhook(given: NoticeOptions['webhook']): NoticeConfig['webhook'] {
  if (given === undefined) return null
  rejectUnknownKeys('notices.webhook', given, ['url', 'secret'])
  const { url, secret } = given as { readonly url?: unknown; readonly secret?: unknown }
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null
  if (
    parsed === null ||
    !/^https?:$/.test(parsed.protocol) ||
    parsed.username !== '' ||
    parsed.password !== ''
  )
    throw invalid('webhook.url', 'expected an http or https URL without a name and password in it')
  const bytes = typeof secret === 'string' ? Buffer.from(secret.replace(/^whsec_/, ''), 'base64') : null
  if (bytes === null || bytes.length < 24)
    throw invalid('webhook.secret', 'expected base64 of at least 24 bytes, such as "whsec_…"')
  return { url: parsed.href, secret: bytes }
}

function parseCommand(given: unknown): readonly string[] | null {
  if (given === undefined) return null
  const isList = Array.isArray(given) && given.length > 0 && given.every((part) => typeof part === 'string')
  if (!isList || given[0] === '')
    throw invalid('command', 'expected a program and its arguments, such as ["notify-send", "Latchkey"]')
  return given
}

function invalid(name: string, expected: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `notices.${name}: ${expected}`)
}
