import type { Socket } from 'node:net'
import { sentUrl, type JudgedRequest } from './connection-facts.ts'

/**
 * What a request can be judged by later, for connections that last: a sixth of what the request itself takes, as
 * its header fields are kept in one text.
 */
export function keptRequest(request: JudgedRequest): JudgedRequest {
  return new KeptRequest(request)
}

class KeptRequest implements JudgedRequest {
  readonly socket: Socket
  readonly httpVersion: string
  readonly url: string
  readonly #rawHeaders: string

  constructor(request: JudgedRequest) {
    this.socket = request.socket
    this.httpVersion = request.httpVersion
    this.url = sentUrl(request)
    this.#rawHeaders = JSON.stringify(request.rawHeaders)
  }

  get rawHeaders(): string[] {
    return JSON.parse(this.#rawHeaders) as string[]
  }
}
