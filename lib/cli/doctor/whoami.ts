import { isFields } from './gateway-report.ts'

/** What `GET whoami` says of who asked. */
export type Whoami = {
  readonly isLocal: boolean
  readonly kind: string
  readonly assurance: string
  readonly clientAddress: string | null
  readonly reason: string
  readonly advice: string | undefined
  readonly gatewayId: string
  readonly probe: string | undefined
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024

/** Asks; resolves with the answer, or with why there is none. Never rejects. */
export async function askWhoami(url: string, probe: string, timeoutMs = TIMEOUT_MS): Promise<Whoami | string> {
  try {
    const target = new URL(url)
    target.searchParams.set('probe', probe)
    const response = await fetch(target, {
      headers: { Accept: 'application/json', 'Cache-Control': 'no-cache' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await firstBytes(response)
    if (!response.ok) return `HTTP ${response.status}`
    const answer = readWhoami(text)
    if (answer === null) return 'the answer is not that of a Latchkey gateway'
    return answer.probe === probe ? answer : 'the answer is to somebody else: a cache stands before it'
  } catch (error) {
    return why(error, timeoutMs)
  }
} // prettier-ignore

async function firstBytes(response: Response): Promise<string> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
  const chunks: Uint8Array[] = []
  let length = 0
  while (reader !== undefined && length <= MAX_BYTES) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(chunks).toString('utf8')
    chunks.push(value)
    length += value.length
  }
  await reader?.cancel()
  return ''
}

export function readWhoami(text: string): Whoami | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isFields(value)) return null
  const { isLocal, kind, assurance, clientAddress, reason, advice, gatewayId, probe } = value
  const optional = (given: unknown): string | undefined => (typeof given === 'string' ? given : undefined)
  if (typeof isLocal !== 'boolean' || typeof gatewayId !== 'string' || typeof reason !== 'string') return null
  return {
    isLocal,
    kind: optional(kind) ?? 'unknown',
    assurance: optional(assurance) ?? 'unknown',
    clientAddress: optional(clientAddress) ?? null,
    reason,
    advice: optional(advice),
    gatewayId,
    probe: optional(probe),
  }
}

function why(error: unknown, timeoutMs: number): string {
  const { name } = error as { readonly name?: unknown }
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}
