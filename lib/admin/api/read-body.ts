import type { IncomingMessage } from 'node:http'
import { isRecord, parseJson } from '../../protocol/index.ts'
import { headerValues } from './header-values.ts'
import { ApiProblem } from './problem.ts'

const MAX_BYTES = 64 * 1024
/** Read and thrown away, so that a client that still sends gets to read its answer. */
const MAX_DISCARDED = 1024 * 1024
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i

export type JsonObject = Readonly<Record<string, unknown>>

/**
 * The JSON object in the body; `{}` when it is empty. A form of a page cannot send this type, so that it cannot
 * decide anything (415). Works after a parser of the app's own, with the same limits.
 *
 * @throws {ApiProblem} MEDIA_TYPE_UNSUPPORTED, BODY_TOO_LARGE, BODY_MALFORMED
 */
export async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const types = headerValues(request, 'content-type')
  const encodings = headerValues(request, 'content-encoding')
  if (types.length !== 1 || !JSON_TYPE.test(types[0] ?? '')) {
    throw new ApiProblem('MEDIA_TYPE_UNSUPPORTED', 'send the body as Content-Type: application/json', {
      headers: { Accept: 'application/json' },
    })
  }
  if (encodings.some((encoding) => encoding.toLowerCase() !== 'identity'))
    throw new ApiProblem('MEDIA_TYPE_UNSUPPORTED', 'send the body without a Content-Encoding')
  const text = request.readableDidRead ? parsedByTheApp(request) : await readText(request)
  if (text === '') return {}
  const parsed = parseJson(text)
  if (parsed !== null && isRecord(parsed.value)) return parsed.value
  throw new ApiProblem('BODY_MALFORMED', 'expected a JSON object that nests no deeper than 64')
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  if (Number(request.headers['content-length'] ?? 0) > MAX_DISCARDED) throw tooLarge()
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_DISCARDED) throw tooLarge()
    if (size <= MAX_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BYTES) throw tooLarge()
  return decode(Buffer.concat(chunks))
}

/** What `express.json()` or another parser has left. Written out again, so that all limits hold for it too. */
function parsedByTheApp(request: IncomingMessage): string {
  const { body } = request as { readonly body?: unknown }
  if (body === undefined) return ''
  let text: string | undefined
  try {
    text = Buffer.isBuffer(body) ? decode(body) : typeof body === 'string' ? body : JSON.stringify(body)
  } catch (error) {
    if (error instanceof ApiProblem) throw error
    throw new ApiProblem('BODY_MALFORMED', 'expected a JSON object that nests no deeper than 64')
  }
  if (Buffer.byteLength(text) > MAX_BYTES) throw tooLarge()
  return text
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiProblem('BODY_MALFORMED', 'the body is not UTF-8')
  }
}

function tooLarge(): ApiProblem {
  return new ApiProblem('BODY_TOO_LARGE', `a body has at most ${MAX_BYTES} bytes`, {
    members: { maxBytes: MAX_BYTES },
    headers: { Connection: 'close' },
  })
}
