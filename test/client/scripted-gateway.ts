import { createServer, type RequestListener, type Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { listen, stop } from '../gateway/running-gateway.ts'

export type Message = { id: string; method: string; params: Record<string, unknown> }

/** One connection to a scripted gateway. */
export type Visitor = {
  readonly socket: WebSocket
  /** Counts connections from 1. */
  readonly number: number
  event(name: string, payload?: unknown): void
  answer(id: string, payload?: unknown): void
  refuse(id: string, error: unknown): void
  /** The next request of the client. */
  next(): Promise<Message>
  /** Challenges, waits for `connect` and lets the client in. */
  admit(hello?: object): Promise<Message>
  /** Resolves when it is gone. */
  readonly gone: Promise<void>
}

export type ScriptedGateway = {
  readonly url: string
  readonly port: number
  readonly server: Server
  /** Connections so far. */
  readonly visits: () => number
  /** Closes every connection with this code; without one it cuts them off. */
  closeAll(code?: number): void
  close(): Promise<void>
}

export const NONCE = 'nonce-of-the-challenge'

export function helloOk(more: object = {}): object {
  return {
    type: 'hello-ok',
    protocol: 4,
    server: { version: '0', connId: 'c' },
    features: { methods: [], events: [] },
    snapshot: {
      presence: [],
      health: { ok: true, ts: 0 },
      stateVersion: { presence: 0, health: 0 },
      uptimeMs: 0,
    },
    auth: { role: 'operator', scopes: [] },
    policy: { maxPayload: 1_000_000, maxBufferedBytes: 1_000_000, tickIntervalMs: 30_000 },
    ...more,
  }
}

/** A gateway that says what a test tells it to, well-behaved or not. */
export async function scriptedGateway(
  script: (visitor: Visitor) => unknown,
  app?: RequestListener,
): Promise<ScriptedGateway> {
  const server = createServer(app)
  const sockets = new WebSocketServer({ server, path: '/gateway' })
  let visits = 0
  sockets.on('connection', (socket) => {
    visits += 1
    // A script may be cut off in the middle when its visitor leaves.
    void Promise.resolve(script(visitorOf(socket, visits))).catch(() => undefined)
  })
  const port = await listen(server)
  return {
    url: `ws://127.0.0.1:${port}/gateway`,
    port,
    server,
    visits: () => visits,
    closeAll(code) {
      for (const socket of sockets.clients) {
        if (code === undefined) socket.terminate()
        else socket.close(code)
      }
    },
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      await stop(server)
    },
  }
}

function visitorOf(socket: WebSocket, number: number): Visitor {
  const messages: Message[] = []
  const waiting: { resolve(message: Message): void; reject(error: Error): void }[] = []
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8')) as Message
    const first = waiting.shift()
    if (first === undefined) messages.push(message)
    else first.resolve(message)
  })
  const gone = new Promise<void>((resolve) => {
    socket.on('close', () => {
      for (const waiter of waiting) waiter.reject(new Error('the visitor left'))
      resolve()
    })
  })
  const send = (frame: object): void => {
    socket.send(JSON.stringify(frame), () => undefined)
  }
  const visitor: Visitor = {
    socket,
    number,
    gone,
    event: (event, payload) => send({ type: 'event', event, payload }),
    answer: (id, payload) => send({ type: 'res', id, ok: true, payload }),
    refuse: (id, error) => send({ type: 'res', id, ok: false, error }),
    next: () => {
      const message = messages.shift()
      return message === undefined
        ? new Promise((resolve, reject) => waiting.push({ resolve, reject }))
        : Promise.resolve(message)
    },
    async admit(hello = helloOk()) {
      visitor.event('connect.challenge', { nonce: NONCE, ts: Date.now(), gatewayId: 'g' })
      const connect = await visitor.next()
      visitor.answer(connect.id, hello)
      return connect
    },
  }
  return visitor
}
