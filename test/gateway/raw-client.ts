import { WebSocket, type ClientOptions } from 'ws'

export type WireError = {
  code: string
  message: string
  details?: Record<string, unknown>
  retryable?: boolean
  retryAfterMs?: number
}

/** Any frame of the server, read loosely. */
export type Frame = {
  type: string
  id?: string
  ok?: boolean
  event?: string
  seq?: number
  payload?: Record<string, unknown>
  error?: WireError
}

export type Closed = { code: number; reason: string }

/** A WebSocket that shows every frame in order and helps with nothing else. */
export class RawClient {
  readonly socket: WebSocket
  readonly closed: Promise<Closed>
  readonly #frames: Frame[] = []
  readonly #waiting: { resolve(frame: Frame): void; reject(error: Error): void }[] = []
  #end: Closed | null = null
  #lastId = 0

  constructor(url: string, headers: Record<string, string> = {}, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false, ...options })
    this.socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame
      const waiting = this.#waiting.shift()
      if (waiting === undefined) this.#frames.push(frame)
      else waiting.resolve(frame)
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#end = { code, reason: reason.toString('utf8') }
        for (const waiting of this.#waiting) waiting.reject(this.#over())
        resolve(this.#end)
      })
    })
  }

  /** The next frame; rejects when the connection ends first. */
  next(): Promise<Frame> {
    const frame = this.#frames.shift()
    if (frame !== undefined) return Promise.resolve(frame)
    if (this.#end !== null) return Promise.reject(this.#over())
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The next frame that passes; others are dropped. */
  async find(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const frame = await this.next()
      if (wanted(frame)) return frame
    }
  }

  event(name: string): Promise<Frame> {
    return this.find((frame) => frame.event === name)
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** Sends a request and waits for its answer. */
  async request(method: string, params?: unknown): Promise<Frame> {
    this.#lastId += 1
    const id = `r${this.#lastId}`
    this.send({ type: 'req', id, method, params })
    return this.find((frame) => frame.type === 'res' && frame.id === id)
  }

  /** The nonce of the challenge, which must be the next frame. */
  async challenge(): Promise<string> {
    const frame = await this.next()
    if (frame.event !== 'connect.challenge') throw new Error(`not a challenge: ${JSON.stringify(frame)}`)
    return String(frame.payload?.nonce)
  }

  close(): void {
    this.socket.terminate()
  }

  #over(): Error {
    return new Error(`closed: ${this.#end?.code ?? 0} ${this.#end?.reason ?? ''}`)
  }
}
