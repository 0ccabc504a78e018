import { createServer } from 'node:http'
import { describe, expect, test } from '@jest/globals'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'
import request from 'supertest'
import { localClient, requireLocalClient } from '../../lib/index.ts'

/** The kernel is not what is tested here. */
const located = (): ReturnType<typeof localClient> =>
  localClient({
    peerLookup: {
      name: 'fixed',
      lookup: () => Promise.resolve({ status: 'same-user', uid: 1000, process: 'curl' }),
      close: () => Promise.resolve(),
    },
  })
const REMOTE = { 'X-Forwarded-For': '203.0.113.9' }
const NAMES = ['isLocalClient', 'clientLocality'] as const

const tell: RequestHandler = (req, res) => {
  res.json({ local: req.isLocalClient, reason: (req.clientLocality as { reason?: string } | undefined)?.reason })
} // prettier-ignore

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('what %s has under our names does not count', (_name, framework) => {
  const claims = { isLocalClient: true, clientLocality: { isLocal: true } }

  test.each<[string, RequestHandler]>([
    ['values of a middleware before it', (req, _res, next) => next(void Object.assign(req, claims))],
    [
      'accessors of a middleware before it that throw',
      (req, _res, next) => {
        const get = (): never => {
          throw new Error('not yet')
        }
        for (const name of NAMES) Object.defineProperty(req, name, { configurable: true, get })
        next()
      },
    ],
  ])('%s', async (_what, before) => {
    const app = framework().use(before).use(located()).get('/', tell)
    app.get('/guarded', requireLocalClient(), tell)
    await request(app).get('/').set(REMOTE).expect(200, { local: false, reason: 'forwarding-untrusted' })
    await request(app).get('/').expect(200, { local: true, reason: 'local' })
    await request(app).get('/guarded').set(REMOTE).expect(403)
  })

  test('properties of all requests of the app', async () => {
    const app = framework()
    Object.assign(app.request, claims)
    app.use(located()).get('/', tell)
    await request(app).get('/').set(REMOTE).expect(200, { local: false, reason: 'forwarding-untrusted' })
  })

  test('a handler cannot claim it later: the names are only to be read', async () => {
    const claim: RequestHandler = (req, _res, next) => {
      expect(() => Object.assign(req, claims)).toThrow(TypeError)
      next()
    }
    const app = framework().use(located()).use(claim).get('/', tell)
    await request(app).get('/').set(REMOTE).expect(200, { local: false, reason: 'forwarding-untrusted' })
  })

  test('it is known in an app that is mounted, and after one that asks for itself', async () => {
    const inner = framework().get('/', tell)
    await request(framework().use(located()).use('/sub', inner)).get('/sub').expect(200, { local: true, reason: 'local' }) // prettier-ignore
    const asking = framework().use(located())
    await request(framework().use(asking).get('/', tell)).get('/').expect(200, { local: true, reason: 'local' })
  }) // prettier-ignore

  test('of an app without the middleware nothing is known', async () => {
    await request(framework().use(located()).get('/', tell)).get('/')
    await request(framework().get('/', tell)).get('/').expect(200, {})
  })

  test('the answer of a guarded handler is marked, although the handler reads nothing', async () => {
    const app = framework().use(located())
    app.get('/', requireLocalClient(), (_req, res) => void res.json(1))
    expect((await request(app).get('/').expect(200)).headers['cache-control']).toBe('no-store')
  })
})

test("Node's own requests get accessors of their own, and their class none", async () => {
  const middleware = located()
  const server = createServer((incoming, response) => {
    middleware(incoming, response, () => {
      const prototype = Object.getPrototypeOf(incoming) as object
      const read = (incoming as typeof incoming & { isLocalClient?: boolean }).isLocalClient
      response.end(JSON.stringify([read, NAMES.some((name) => name in prototype)]))
    })
  })
  const answer = await request(server).get('/').set(REMOTE)
  expect(JSON.parse(answer.text)).toEqual([false, false])
  expect(answer.headers['cache-control']).toBe('no-store')
})
