// An Express 5 app with localClient() against the same app with an empty middleware, next to others.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express, { type Express, type Request, type RequestHandler } from 'express'
import helmet from 'helmet'
import { getClientIp } from 'request-ip'
import { localClient } from '../../lib/express/index.ts'
import { interleave, type Way } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'

const CONNECTIONS = 8
const FROM_PROXY = 'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n'
const TEXT = `GET /notes?page=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n`

const empty: RequestHandler = (_req, _res, next) => {
  next()
}

type Case = {
  readonly what: string
  readonly handler: RequestHandler
  readonly read?: (req: Request) => unknown
  readonly forwarded?: boolean
  readonly aim?: number
}
const LOCAL: readonly Case[] = [
  { what: 'an empty middleware', handler: empty },
  { what: 'localClient(), a local client', handler: localClient(), aim: 1.03 },
  { what: 'localClient() and a handler that reads it', handler: localClient(), read: (req) => req.isLocalClient },
  { what: 'helmet()', handler: helmet() },
] // prettier-ignore
const FORWARDED: readonly Case[] = [
  { what: 'an empty middleware', handler: empty, forwarded: true },
  {
    what: "localClient({ trustProxy: ['loopback'] }), through a proxy",
    handler: localClient({ trustProxy: ['loopback'] }),
    forwarded: true,
    aim: 1.03,
  },
  { what: 'req.ip, through a proxy', handler: empty, read: (req) => req.ip, forwarded: true },
  { what: 'request-ip, through a proxy', handler: empty, read: (req) => getClientIp(req), forwarded: true },
]

export async function benchMiddleware({ rounds = 21, times = 3000 } = {}): Promise<Result[]> {
  const child = fork(new URL('./load-child.mjs', import.meta.url), { stdio: 'inherit' })
  const results: Result[] = []
  try {
    for (const cases of [LOCAL, FORWARDED]) {
      const served = await Promise.all(cases.map(serve))
      const ways = served.map(({ port }, index): Way => {
        const { what = '', forwarded = false } = cases[index] ?? {}
        const text = `${TEXT}${forwarded ? FROM_PROXY : ''}\r\n`
        return {
          name: what,
          run: async (count) => {
            child.send({ port, text, times: count, connections: CONNECTIONS })
            await once(child, 'message')
          },
        }
      })
      const [base, ...others] = await interleave(ways, { rounds, times, warmUp: 4 })
      for (const { server } of served) {
        server.closeAllConnections()
        server.close()
      }
      if (base === undefined) throw new Error('nothing was measured')
      for (const [index, measured] of others.entries()) {
        const { what = '', aim } = cases[index + 1] ?? {}
        const against = 'the same app with an empty middleware'
        results.push(resultOf({ group: 'Express 5, CPU per request', what, against, aim }, base, measured))
      }
    }
  } finally {
    child.disconnect()
  }
  return results
}

async function serve({ handler, read }: Case): Promise<{ server: ReturnType<Express['listen']>; port: number }> {
  const app = express()
  app.set('trust proxy', ['loopback'])
  app.use(handler)
  app.get('/notes', (req, res) => {
    read?.(req)
    res.type('text').send('the end\n')
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.keepAliveTimeout = 60_000
  return { server, port: (server.address() as AddressInfo).port }
} // prettier-ignore
