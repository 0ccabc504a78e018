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
const START = `GET /notes?page=2 HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n`
const END = `Accept: */*\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n`
/** What each connection carries in turn: the same request again, or one of two kinds. */
const ONE_KIND = [START + END]
const TWO_KINDS = [START + END, START + END.replace('Accept:', 'accept:')]
const ONE_CLIENT = [proxied('203.0.113.7')]
const TWO_CLIENTS = [proxied('203.0.113.7'), proxied('203.0.113.8')]

function proxied(client: string): string {
  return `${START}X-Forwarded-For: ${client}\r\nX-Forwarded-Proto: https\r\n${END}`
}

const empty: RequestHandler = (_req, _res, next) => {
  next()
}

type Case = {
  readonly what: string
  readonly handler: RequestHandler
  readonly read?: (req: Request) => unknown
  readonly texts: readonly string[]
  readonly aim?: number
}
const behindProxy = localClient({ trustProxy: ['loopback'] })
const LOCAL: readonly Case[] = [
  { what: 'an empty middleware', handler: empty, texts: ONE_KIND },
  { what: 'localClient(), a local client', handler: localClient(), texts: ONE_KIND, aim: 1.03 },
  { what: 'localClient(), one whose requests differ each time', handler: localClient(), texts: TWO_KINDS },
  { what: 'localClient() and a handler that reads it', handler: localClient(), read: (req) => req.isLocalClient, texts: ONE_KIND },
  { what: 'helmet()', handler: helmet(), texts: ONE_KIND },
] // prettier-ignore
const FORWARDED: readonly Case[] = [
  { what: 'an empty middleware', handler: empty, texts: ONE_CLIENT },
  { what: 'localClient(), through a trusted proxy', handler: behindProxy, texts: ONE_CLIENT, aim: 1.03 },
  { what: 'localClient(), another client each time', handler: behindProxy, texts: TWO_CLIENTS },
  { what: 'req.ip, through a trusted proxy', handler: empty, read: (req) => req.ip, texts: ONE_CLIENT },
  { what: 'request-ip, through a trusted proxy', handler: empty, read: (req) => getClientIp(req), texts: ONE_CLIENT },
] // prettier-ignore

export async function benchMiddleware({ rounds = 21, times = 3000 } = {}): Promise<Result[]> {
  const child = fork(new URL('./load-child.mjs', import.meta.url), { stdio: 'inherit' })
  const results: Result[] = []
  try {
    for (const cases of [LOCAL, FORWARDED]) {
      const served = await Promise.all(cases.map(serve))
      const ways = served.map(({ port }, index): Way => {
        const { what = '', texts = ONE_KIND } = cases[index] ?? {}
        return {
          name: what,
          run: async (count) => {
            child.send({ port, texts, times: count, connections: CONNECTIONS })
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
