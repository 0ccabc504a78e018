/** What the code blocks of the pages may use without saying where it is from. A block that declares one has its own. */
import type { Server } from 'node:http'
import type { Express } from 'express'
import type expressWsOf from 'express-ws'
import type supertest from 'supertest'
import type * as latchkey from '../../lib/index.ts'
import type { attack as attackOf } from '../../lib/testing/index.ts'
import type { DeviceIdentity } from '../../lib/client/index.ts'

declare global {
  const app: Express & { ws(path: string, ...handlers: unknown[]): void }
  const server: Server
  const gateway: latchkey.Gateway
  const store: latchkey.PairingStore
  const myStore: () => latchkey.PairingStore
  const attack: typeof attackOf
  /** The first frame of a gateway. */
  const isChallenge: (frame: unknown) => boolean
  /** Of whatever runs the tests. */
  const test: (name: string, run: () => unknown) => void
  const identity: DeviceIdentity
  const createGateway: typeof latchkey.createGateway
  const localClient: typeof latchkey.localClient
  const requireLocalClient: typeof latchkey.requireLocalClient
  const sqliteStore: typeof latchkey.sqliteStore
  const request: typeof supertest
  const expressWs: (app: Express, server: Server, options: object) => ReturnType<typeof expressWsOf>
}
