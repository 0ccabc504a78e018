import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import { isRecord } from '../../protocol/frames.ts'
import type { HeaderField } from '../request-head.ts'
import type { AttackResponse } from './exchange.ts'

/** What of the app is attacked, and how. At least one of `path` and `wsPath`. */
export type AttackOptions = {
  /** A route that only local clients may use, with the mount point: `/admin/notes`. */
  path?: string
  /** The path of a WebSocket for local clients, or of a gateway, where it must not pair anybody silently. */
  wsPath?: string
  /** Of the requests to `path`. Default GET; others are sent with an empty body. */
  method?: string
  /** Further headers of every request: the cookie of a session, a token. Default: none. */
  headers?: Readonly<Record<string, string>>
  /**
   * Whether an answer shows that the client was taken for a local one. Default: any 2xx; of one whose JSON has
   * `isLocal` or `isLocalClient`, what that says. `by`: `remote`, or `page` for another site's page in a browser
   * of this machine, which may be told that it is local but must not be let in.
   */
  isLocal?: (response: AttackResponse, sender: { readonly by: 'remote' | 'page' }) => boolean
  /** For each answer, in milliseconds. Default 10 s. */
  timeoutMs?: number
}

export type AttackSettings = {
  readonly path: string | null
  readonly wsPath: string | null
  readonly method: string
  readonly headers: readonly HeaderField[]
  readonly isLocal: NonNullable<AttackOptions['isLocal']>
  readonly timeoutMs: number
}

const KNOWN: Readonly<Record<keyof Required<AttackOptions>, true>> = {
  path: true,
  wsPath: true,
  method: true,
  headers: true,
  isLocal: true,
  timeoutMs: true,
}

/** @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID */
export function parseAttackOptions(options: AttackOptions): AttackSettings {
  if (!isRecord(options)) throw invalid('expected options: { path: "/a/guarded/route" } at least')
  rejectUnknownKeys('attack', options, Object.keys(KNOWN))
  const { path, wsPath, method = 'GET', headers = {}, isLocal = letsIn, timeoutMs = 10_000 } = options
  if (path === undefined && wsPath === undefined)
    throw invalid('expected a path that is for local clients alone, or the wsPath of a gateway')
  for (const [name, value] of Object.entries({ path, wsPath }))
    if (value !== undefined && !/^\/[^\s#]*$/.test(value))
      throw invalid(`${name}: got ${JSON.stringify(value)}, expected a path such as "/notes"`)
  if (!/^[A-Z]+$/.test(method)) throw invalid(`method: got ${JSON.stringify(method)}, expected one such as "POST"`) // prettier-ignore
  if (typeof isLocal !== 'function') throw invalid('isLocal: expected a function of the response')
  if (!(timeoutMs >= 1 && timeoutMs <= 2 ** 31 - 1)) throw invalid('timeoutMs: expected milliseconds')
  const fields = Object.entries(headers)
  if (!fields.every(([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\r\n]/.test(value)))
    throw invalid('headers: expected names and values of headers')
  return { path: path ?? null, wsPath: wsPath ?? null, method, headers: fields, isLocal, timeoutMs }
}

function letsIn({ status, body }: AttackResponse, { by }: { readonly by: 'remote' | 'page' }): boolean {
  if (status < 200 || status > 299) return false
  const json = parseJson(body)
  if (!isRecord(json)) return true
  // A verdict: a page's browser is on this machine, and what counts is whether it would be paired silently.
  if (by === 'page' && typeof json.silent === 'boolean') return json.silent
  for (const said of [json.isLocal, json.isLocalClient]) if (typeof said === 'boolean') return said
  return true
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', `attack: ${message}`)
}
