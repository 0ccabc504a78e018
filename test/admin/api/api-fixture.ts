import { createServer, type Server } from 'node:http'
import express, { type Express } from 'express'
import express4 from 'express4'
import request, { type Response } from 'supertest'
import { createDeviceIdentity, dpopProof, type SyncDeviceIdentity } from '../../../lib/client/index.ts'
import { createGateway, memoryStore, type Gateway, type GatewayOptions } from '../../../lib/index.ts'
import type { PeerEvidence } from '../../../lib/locality/index.ts'
import { listen, stop } from '../../gateway/running-gateway.ts'
import type { RawClient } from '../../gateway/raw-client.ts'
import { admittedAs, connectAs, FORWARDED } from '../../gateway/signed-connect.ts'

export const EXPRESSES = [
  ['Express 5', express],
  ['Express 4', express4],
] as const

export type Method = 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'PUT'

/** An answer as supertest has it, whose body is an object. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test reads what it knows to be there
export type ApiResponse = Omit<Response, 'body'> & { readonly body: Readonly<Record<string, any>> }

/** What these tests use of supertest's request. */
export type ApiTest = PromiseLike<ApiResponse> & {
  set(name: string, value: string): ApiTest
  send(body: string | object): ApiTest
  write(chunk: Buffer): boolean
  auth(user: string, password: string): ApiTest
  expect(status: number, body?: RegExp): ApiTest
}

export type PairedDevice = {
  readonly identity: SyncDeviceIdentity
  readonly token: string
  readonly client: RawClient
}

export type Api = {
  readonly gateway: Gateway
  readonly server: Server
  readonly port: number
  /** What the kernel says of everybody from now on. */
  readonly peer: { status: PeerEvidence['status'] }
  /** An absolute URL of the API. */
  url(path: string): string
  /** Without credentials: as a client on this machine, unless `peer` says otherwise. */
  call(method: Method, path: string, body?: object, headers?: Record<string, string>): ApiTest
  /** As a device, with a proof for this very request. */
  as(device: PairedDevice, method: Method, path: string, body?: object, headers?: Record<string, string>): Promise<ApiResponse> // prettier-ignore
  /** A device that was paired silently. */
  pair(scopes: string[], role?: string): Promise<PairedDevice>
  /** A device that is elsewhere and was approved, so that it may call from anywhere. */
  approved(scopes: string[], role?: string): Promise<PairedDevice>
  /** A device elsewhere that waits, as what it is told. */
  waiting(scopes?: string[], identity?: SyncDeviceIdentity): Promise<{ identity: SyncDeviceIdentity; requestId: string; digest: string }> // prettier-ignore
  close(): Promise<void>
}

const opened: Api[] = []

/** Closes all that were served, after a test that failed too. */
export async function closeApis(): Promise<void> {
  for (const api of opened.splice(0)) await api.close()
}

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** A gateway below `/gateway` of a real Express app, and its WebSocket at the same path. */
export async function serveApi(
  options: Partial<GatewayOptions> = {},
  make: typeof express = express,
  before: (app: Express) => void = () => undefined,
): Promise<Api> {
  const peer: Api['peer'] = { status: 'same-user' }
  const gateway = await createGateway({
    store: memoryStore(),
    logger: QUIET,
    console: false,
    peerLookup: {
      name: 'test',
      lookup: () => Promise.resolve({ status: peer.status }),
      close: () => Promise.resolve(),
    },
    ...options,
  })
  const app = make()
  before(app)
  app.use('/gateway', gateway.routes())
  app.use((_request, response) => {
    response.status(418).send('the app')
  })
  const server = createServer(app)
  gateway.attach(server, { path: '/gateway' })
  const port = await listen(server)
  const ws = `ws://127.0.0.1:${port}/gateway`
  const url = (path: string): string => `http://127.0.0.1:${port}/gateway/api${path}`

  const call: Api['call'] = (method, path, body, headers = {}) => {
    const agent = request(server)
    const verb = method.toLowerCase() as 'get' | 'head' | 'post' | 'patch' | 'delete' | 'options' | 'put'
    const test = agent[verb](`/gateway/api${path}`).set(headers)
    return body === undefined ? test : test.send(body)
  }

  const api: Api = {
    gateway,
    server,
    port,
    peer,
    url,
    call,
    async as({ identity, token }, method, path, body, headers = {}) {
      const proof = await dpopProof({ identity, method, url: url(path), token })
      return call(method, path, body, { Authorization: `DPoP ${token}`, DPoP: proof, ...headers })
    },
    async pair(scopes, role = 'operator') {
      const identity = createDeviceIdentity()
      const { client, hello } = await admittedAs(ws, identity, { role, scopes })
      return { identity, client, token: tokenOf(hello) }
    },
    async approved(scopes, role = 'operator') {
      const { identity, requestId, digest } = await api.waiting(scopes, undefined)
      await call('POST', `/requests/${requestId}/approve`, { digest }).expect(200)
      const { client, hello } = await admittedAs(ws, identity, { role, scopes }, FORWARDED)
      return { identity, client, token: tokenOf(hello) }
    },
    async waiting(scopes = ['operator.read'], identity = createDeviceIdentity()) {
      const { client, answer } = await connectAs(ws, identity, { scopes }, FORWARDED)
      client.close()
      const { requestId, digest } = answer.error?.details as { requestId: string; digest: string }
      return { identity, requestId, digest }
    },
    async close() {
      await gateway.close()
      await stop(server)
    },
  }
  opened.push(api)
  return api
}

function tokenOf(hello: Record<string, unknown>): string {
  return String((hello.auth as { deviceToken?: string }).deviceToken)
}
