import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Database from 'better-sqlite3'
import express from 'express'
import expressWs from 'express-ws'
import { Server as SocketIo } from 'socket.io'
import { WebSocketServer, type WebSocket } from 'ws'
import { createGateway, sqliteStore } from '../../lib/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'

export type Served = { readonly url: string; readonly close: () => Promise<unknown> }

const keys = new Map<string, KeyObject>()

/** One Ed25519 verification, with a key that was read before. */
function isSigned(json: string): boolean {
  const { text, publicKey, signature } = JSON.parse(json) as Record<'text' | 'publicKey' | 'signature', string>
  let key = keys.get(publicKey)
  if (key === undefined) {
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
    keys.set(publicKey, key)
  }
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
} // prettier-ignore

function answerSigned(socket: Pick<WebSocket, 'on' | 'send' | 'close'>, then: () => void = () => undefined): void {
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    if (isSigned(data.toString('utf8'))) {
      then()
      socket.send('{"ok":true}')
    } else socket.close(1008)
  })
} // prettier-ignore

/** The floor: a plain connection, one message, one verification. */
export async function servePlain(): Promise<Served> {
  return serveBare(() => undefined)
}

/** The same with one durable commit of a row, as SQLite makes it. */
export async function servePlainWithCommit(): Promise<Served> {
  const folder = scratch()
  const database = new Database(path.join(folder, 'floor.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec('create table seen (id integer primary key, at integer)')
  const insert = database.prepare('insert into seen (at) values (?)')
  const served = await serveBare(() => insert.run(Date.now()))
  const close = async (): Promise<void> => {
    await served.close()
    database.close()
    rmSync(folder, { recursive: true })
  }
  return { ...served, close }
}

async function serveBare(then: () => void): Promise<Served> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => answerSigned(socket, then))
  return { url: `ws://127.0.0.1:${await listen(server)}/`, close: () => stop(server) }
}

export async function serveExpressWs(): Promise<Served> {
  const instance = expressWs(express(), undefined, { wsOptions: { perMessageDeflate: false } })
  const { app } = instance
  app.ws('/gateway', (socket) => answerSigned(socket))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}/gateway`,
    close: () => {
      instance.getWss().close()
      return stop(server)
    },
  }
}

export async function serveSocketIo(): Promise<Served> {
  const server = createServer()
  const io = new SocketIo(server, { transports: ['websocket'], perMessageDeflate: false })
  io.use((socket, next) => next(isSigned(JSON.stringify(socket.handshake.auth)) ? undefined : new Error('unsigned')))
  const port = await listen(server)
  return { url: `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, close: () => io.close() }
} // prettier-ignore

export type ServedGateway = Served & { readonly store: PairingStore }

/** Everybody is on this machine by the look-up, whose cost is measured elsewhere. */
export async function serveGateway(file?: string): Promise<ServedGateway> {
  const folder = scratch()
  const store = await sqliteStore(file ?? path.join(folder, 'latchkey.db'))
  const peerLookup = {
    name: 'fixed',
    lookup: () => Promise.resolve({ status: 'same-user' as const }),
    close: () => Promise.resolve(),
  }
  const quiet = { info: () => undefined, warn: () => undefined, error: console.error }
  const limits = { unauthenticatedPerPrefix: 100_000, unauthenticated: 100_000 }
  const auditKey = path.join(folder, 'audit.key')
  const gateway = await createGateway({ store, peerLookup, logger: quiet, limits, localSecret: false, auditKey: { file: auditKey } })
  const server = createServer()
  gateway.attach(server, { path: '/gateway' })
  const url = `ws://127.0.0.1:${await listen(server)}/gateway`
  const close = async (): Promise<void> => {
    await gateway.close()
    await stop(server)
    rmSync(folder, { recursive: true })
  }
  return { url, close, store }
} // prettier-ignore

/** Lets the owner approve whatever is paired, as it is after an `approve`: nobody asks for locality then. */
export async function approveAll(store: PairingStore): Promise<void> {
  await store.transaction(async (tx) => {
    for (const { id } of await tx.devices({ limit: 1_000_000 }))
      for (const grant of await tx.grants(id)) await tx.putGrant({ ...grant, via: 'owner' })
  })
}

function scratch(): string {
  return mkdtempSync(path.join(tmpdir(), 'latchkey-bench-'))
}

async function listen(server: Server): Promise<number> {
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
