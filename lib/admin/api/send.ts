import type { IncomingMessage, ServerResponse } from 'node:http'
import { problemDocument, type ApiProblem } from './problem.ts'

/** An answer as it goes out, which can be kept and given again. */
export type SentAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** `null`: there is none. */
  readonly text: string | null
}

const ALWAYS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export function problemAnswer(problem: ApiProblem): SentAnswer {
  return {
    status: problem.status,
    headers: { ...problem.headers, 'Content-Type': 'application/problem+json' },
    text: JSON.stringify(problemDocument(problem)),
  }
}

export function send(request: IncomingMessage, response: ServerResponse, answer: SentAnswer): void {
  const { status, headers, text } = answer
  // Gone meanwhile.
  if (response.headersSent || response.destroyed) return
  const hasBody = text !== null && status !== 304
  const length: Record<string, number> = hasBody ? { 'Content-Length': Buffer.byteLength(text) } : {}
  response.writeHead(status, { ...ALWAYS, ...headers, ...length })
  response.end(hasBody && request.method !== 'HEAD' ? text : undefined)
}
