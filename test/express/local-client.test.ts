import { describe, expect, test } from '@jest/globals'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import express4 from 'express4'
import helmet from 'helmet'
import request from 'supertest'
import { localClient } from '../../lib/index.ts'
import { overOneConnection, serve } from './served-app.ts'

const FRAMEWORKS: [string, typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
]

const tell: RequestHandler = (req, res) => {
  res.json({ local: req.isLocalClient, kind: req.clientLocality.kind, reason: req.clientLocality.reason })
}
const LOCAL = { local: true, kind: 'direct', reason: 'local' }

describe.each(FRAMEWORKS)('localClient() in %s, asking the real kernel', (_name, framework) => {
  test('says local of a direct client of this machine', async () => {
    const app = framework().use(localClient()).get('/', tell)
    await request(app).get('/').expect(200, LOCAL)
  })

  test.each<[string, Record<string, string>, string]>([
    ['X-Forwarded-For', { 'X-Forwarded-For': '127.0.0.1' }, 'forwarding-untrusted'],
    ['an empty Forwarded', { Forwarded: '' }, 'forwarding-untrusted'],
    ['CF-Connecting-IP', { 'CF-Connecting-IP': '203.0.113.9' }, 'forwarding-untrusted'],
    ['a Host from outside', { Host: 'app.example' }, 'host-not-local'],
    ['a Host that only looks like loopback', { Host: '127.1' }, 'host-not-local'],
  ])('says remote with %s', async (_what, headers, reason) => {
    const app = framework().use(localClient()).get('/', tell)
    const answer = await request(app).get('/').set(headers)
    expect(answer.body).toEqual({ local: false, kind: 'remote', reason })
  })

  test('decides per request, not per connection', async () => {
    const app = await serve(framework().use(localClient()).get('/', tell))
    const plain = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const forwarded = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n'
    const bodies = await overOneConnection(app.port, [plain, forwarded, plain])
    expect(bodies).toMatchObject([
      { local: true },
      { local: false, reason: 'forwarding-untrusted' },
      { local: true },
    ])
    await app.close()
  })

  test('below a mount point it sees the target that was sent', async () => {
    const router = express
      .Router()
      .use(localClient() as never)
      .get('/x', tell)
    const app = await serve(framework().use('/sub', router))
    const ask = (target: string, host: string): Promise<unknown[]> =>
      overOneConnection(app.port, [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`])
    expect(await ask('/sub/x', 'localhost')).toEqual([LOCAL])
    expect(await ask(`http://localhost:${app.port}/sub/x`, `localhost:${app.port}`)).toEqual([LOCAL])
    expect(await ask('http://app.example/sub/x', 'localhost')).toMatchObject([{ local: false }])
    await app.close()
  })

  test('stands beside helmet, a session and a parser of bodies', async () => {
    const session: RequestHandler = (req, res, next) => {
      res.setHeader('Set-Cookie', 'sid=1')
      Object.assign(req, { session: { user: 1 } })
      setImmediate(next)
    }
    const app = framework()
      .use(helmet())
      .use(session)
      .use(framework.json())
      .use(localClient())
      .post('/', tell)
    const answer = await request(app).post('/').send({ a: 1 }).expect(200, LOCAL)
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'set-cookie': ['sid=1'] })
  })

  test('an error of a handler is an error of the app', async () => {
    const onError: ErrorRequestHandler = (error: Error, _req, res, next) => {
      if (res.headersSent) next(error)
      res.status(500).json({ message: error.message })
    }
    const app = framework().use(localClient())
    app.get('/', () => {
      throw new Error('mine')
    })
    app.use(onError)
    await request(app).get('/').expect(500, { message: 'mine' })
  })
})

describe.each(FRAMEWORKS)('Cache-Control: no-store in %s', (_name, framework) => {
  const cacheControlOf = async (handler: RequestHandler): Promise<unknown> => {
    const app = framework().use(localClient()).get('/', handler)
    return (await request(app).get('/').expect(200)).headers['cache-control']
  }

  test('when the handler read isLocalClient or clientLocality', async () => {
    expect(await cacheControlOf((req, res) => void res.json(req.isLocalClient))).toBe('no-store')
    expect(await cacheControlOf((req, res) => void res.json(req.clientLocality.reason))).toBe('no-store')
  })

  test('not when nobody did', async () => {
    expect(await cacheControlOf((_req, res) => void res.json(1))).toBeUndefined()
    expect(await cacheControlOf((_req, res) => void res.set('Cache-Control', 'max-age=60').json(1))).toBe(
      'max-age=60',
    )
  })

  test('reading it after the headers went out is no error', async () => {
    await cacheControlOf((req, res) => {
      res.write('x')
      res.end(String(req.isLocalClient))
    })
  })
})

test.each([
  [{ trustproxy: [] }, 'did you mean trustProxy?'],
  [{ trustProxy: true }, 'trustProxy'],
  [{ hosts: 'localhost' }, 'hosts'],
])('options are checked when the middleware is made: %j', (options, message) => {
  expect(() => localClient(options as never)).toThrow(message)
})

test('another look-up can be plugged in', async () => {
  const peerLookup = {
    name: 'fixed',
    lookup: () => Promise.resolve({ status: 'other-user' as const, uid: 33 }),
    close: () => Promise.resolve(),
  }
  const app = express()
  app.use(localClient({ peerLookup, trustProxy: ['loopback'] }))
  app.get('/', (incoming, response) => {
    response.json(incoming.clientLocality.reason)
  })
  const answer = await request(app).get('/')
  expect(answer.body).toBe('peer-other-user')
})
