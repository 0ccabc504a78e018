import { createServer } from 'node:http'
import type { Frame, Page } from 'playwright-core'
import { describe, expect, test } from '@jest/globals'
import { memoryStore } from '../../lib/index.ts'
import { listen, stop, until } from '../gateway/running-gateway.ts'
import { openTab, REBOUND_HOST, type ConsolePage } from './console-page.ts'
import { browser, cleanUp, knock, serve, useBrowser, type Served } from './served-console.ts'

useBrowser()

/** What a page can do to the gateway on `port`: a WebSocket, requests with and without preflight, a beacon. */
const attack = (host: string, port: number, requestId: string): string => `(async () => {
  const base = 'http://${host}:${port}/gateway'
  const socket = (url) => new Promise((resolve) => {
    const opened = new WebSocket(url)
    opened.onopen = () => resolve('open')
    opened.onmessage = () => resolve('a message')
    opened.onerror = () => resolve('refused')
  })
  const body = JSON.stringify({ role: 'operator', scopes: ['operator.admin'] })
  const post = (path, type, mode) => fetch(base + path, { method: 'POST', mode, credentials: 'include', headers: { 'Content-Type': type }, body })
  const tell = (answer) => answer.then(async (response) => response.type === 'opaque' ? 'opaque' : response.status, () => 'failed')
  return {
    sockets: await Promise.all(['', '?x=1'].map((end) => socket(base.replace('http', 'ws') + end))),
    read: await tell(fetch(base + '/api/devices', { credentials: 'include' })),
    blind: await tell(fetch(base + '/api/requests', { mode: 'no-cors', credentials: 'include' })),
    console: await tell(post('/console', 'text/plain', 'no-cors')),
    json: await tell(post('/api/invites', 'application/json', 'cors')),
    text: await tell(post('/api/invites', 'text/plain', 'no-cors')),
    approve: await tell(post('/api/requests/${requestId}/approve', 'text/plain', 'no-cors')),
    beacon: navigator.sendBeacon(base + '/api/requests/${requestId}/reject', new Blob([body], { type: 'text/plain' })),
  }
})()`

/** A form that posts JSON in disguise, as old attacks do. */
const formPost = (port: number, path: string): string => `(() => {
  const form = document.createElement('form')
  form.method = 'POST'
  form.enctype = 'text/plain'
  form.action = 'http://127.0.0.1:${port}/gateway${path}'
  const field = document.createElement('input')
  field.name = '{"role":"operator","scopes":["operator.admin"],"label":"'
  field.value = '"}'
  form.append(field)
  document.body.append(form)
  form.submit()
})()`

type Attacked = {
  readonly sockets: string[]
  readonly read: unknown
  readonly blind: unknown
  readonly console: unknown
  readonly json: unknown
  readonly text: unknown
  readonly approve: unknown
}

/** The page of an attacker, on a port of its own. */
async function serveEvil(body = ''): Promise<number> {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(`<!doctype html><title>evil</title><body>${body}</body>`)
  })
  const port = await listen(server)
  cleanUp.push(() => stop(server))
  return port
}

/** A gateway whose machine the browser is on: whoever came through would be let in without a question. */
async function serveVictim(): Promise<{ served: Served; requestId: string; rows: () => Promise<object> }> {
  const store = memoryStore()
  const served = await serve({ store })
  await knock(served.url, 'Honest', ['operator.read'])
  const [request] = await store.transaction((tx) => tx.pendingRequests(9))
  const rows = (): Promise<object> =>
    store.transaction(async (tx) => ({
      devices: await tx.devices({ limit: 9 }),
      pending: await tx.pendingRequests(9),
      invites: await tx.invites(),
      silent: await tx.silentGrantsSince(0),
      log: (await tx.auditEntries({ after: 0, limit: 99 })).length,
    }))
  return { served, requestId: request?.id ?? '', rows }
}

async function open(url: string, without?: string): Promise<ConsolePage> {
  const context = await browser().newContext()
  if (without !== undefined) await context.route(without, (route) => route.abort())
  cleanUp.push(() => context.close())
  return openTab(context, url)
}

type Place = {
  readonly from: string
  /** The page that attacks, and what it says of refused sockets. */
  readonly visit: (served: Served) => Promise<{ place: Page | Frame; tab: ConsolePage; host: string }>
  /** Whether the browser takes the gateway for the page's own origin. */
  readonly isOwnOrigin: boolean
}

const PLACES: readonly Place[] = [
  {
    from: 'another loopback port',
    isOwnOrigin: false,
    async visit() {
      const tab = await open(`http://127.0.0.1:${await serveEvil()}/`)
      return { place: tab.page, tab, host: '127.0.0.1' }
    },
  },
  {
    from: 'another spelling of loopback',
    isOwnOrigin: false,
    async visit() {
      const tab = await open(`http://localhost:${await serveEvil()}/`)
      return { place: tab.page, tab, host: '127.0.0.1' }
    },
  },
  {
    from: 'another site',
    isOwnOrigin: false,
    async visit() {
      const tab = await open(`http://${REBOUND_HOST}:${await serveEvil()}/`)
      return { place: tab.page, tab, host: '127.0.0.1' }
    },
  },
  {
    from: 'a sandboxed frame',
    isOwnOrigin: false,
    async visit() {
      const port = await serveEvil('<iframe sandbox="allow-scripts allow-forms" srcdoc="<p>in here</p>"></iframe>')
      const tab = await open(`http://127.0.0.1:${port}/`)
      const frame = tab.page.frames()[1]
      if (frame === undefined) throw new Error('no frame')
      expect(await frame.evaluate('self.origin')).toBe('null')
      return { place: frame, tab, host: '127.0.0.1' }
    },
  },
  {
    from: 'a rebound name',
    isOwnOrigin: true,
    async visit({ port }) {
      // The page itself would go on trying to connect, among what is counted.
      const tab = await open(`http://${REBOUND_HOST}:${port}/gateway/console`, '**/main.js')
      return { place: tab.page, tab, host: REBOUND_HOST }
    },
  },
] // prettier-ignore

describe('threat 13: a page in the browser of the owner', () => {
  test.each(PLACES)(
    'on $from gets no WebSocket, reads nothing and changes nothing',
    async (from) => {
      const { served, requestId, rows } = await serveVictim()
      const before = await rows()
      const { place, tab, host } = await from.visit(served)
      // What its own loading was answered does not count.
      await tab.page.waitForLoadState('networkidle')
      served.answers.splice(0)
      tab.complaints.splice(0)
      const told = await place.evaluate<Attacked>(attack(host, served.port, requestId))
      expect(told.sockets).toEqual(['refused', 'refused'])
      // The browser says what the upgrade was answered with: HTTP 403, not 101.
      const answers = tab.complaints.filter((text) => text.includes('WebSocket'))
      expect(answers).toHaveLength(2)
      for (const text of answers) expect(text).toMatch(/Unexpected response code: 403/)
      // A GET says nothing of its origin where the browser takes it for its own: it counts as one from elsewhere then,
      // without credentials.
      const refused = from.isOwnOrigin ? [401, 403] : ['failed', 'failed']
      expect([told.read, told.json]).toEqual(refused)
      expect([told.blind, told.text, told.approve]).not.toContain(200)
      await until(() => served.answers.filter(({ url }) => url.includes('/reject')).length === 1)
      const asked = served.answers.filter(({ url }) => url.startsWith('/gateway/api'))
      expect(asked.length).toBeGreaterThanOrEqual(5)
      const isRefused = ({ method, status }: { method: string; status: number }): boolean =>
        status === 403 || (from.isOwnOrigin && method === 'GET' && status === 401)
      expect(asked.filter((answer) => !isRefused(answer))).toEqual([])
      // Nobody posts to the console; the app's own 404 answers.
      expect(
        served.answers.filter(({ url }) => url === '/gateway/console').map(({ status }) => status),
      ).toEqual([404])
      expect(await rows()).toEqual(before)
    },
    60_000,
  )

  test.each(PLACES.filter(({ isOwnOrigin }) => !isOwnOrigin))(
    'on $from posts no form to the API',
    async ({ visit }) => {
      const { served, requestId, rows } = await serveVictim()
      const before = await rows()
      for (const path of ['/api/invites', `/api/requests/${requestId}/approve`, '/api/grants/undo']) {
        const { place } = await visit(served)
        await place.evaluate(formPost(served.port, path))
        await until(() => served.answers.some(({ url }) => url === `/gateway${path}`))
      }
      expect(served.answers.map(({ method, status }) => [method, status])).toEqual([
        ['POST', 403],
        ['POST', 403],
        ['POST', 403],
      ])
      expect(await rows()).toEqual(before)
    },
    60_000,
  )

  test('would come through from the origin of the gateway itself', async () => {
    const { served, rows } = await serveVictim()
    const before = await rows()
    const { page } = await open(`http://127.0.0.1:${served.port}/gateway/whoami`)
    const told = await page.evaluate<Attacked>(attack('127.0.0.1', served.port, 'none'))
    expect(told).toMatchObject({ sockets: ['open', 'open'], read: 200, json: 201 })
    expect(await rows()).not.toEqual(before)
  }, 60_000)
})

describe('threat 14: the console', () => {
  const FRAMES = [
    ['a frame', (address: string) => `<iframe src="${address}"></iframe>`],
    ['a sandboxed frame', (address: string) => `<iframe sandbox="allow-scripts" src="${address}"></iframe>`],
    ['an object', (address: string) => `<object data="${address}" type="text/html"></object>`],
    ['an embed', (address: string) => `<embed src="${address}" type="text/html">`],
  ] as const

  test.each(FRAMES)('is shown in %s of no other port and no other site', async (_name, markup) => {
    const { page: address } = await serve()
    const port = await serveEvil(markup(address))
    for (const host of ['127.0.0.1', 'localhost', REBOUND_HOST]) {
      const { page, complaints } = await open(`http://${host}:${port}/`)
      await until(() => complaints.some((text) => text.includes("frame-ancestors 'none'")))
      // Chromium may take away what it refuses to show.
      const shown = await Promise.all(page.frames().slice(1).map((frame) => frame.content().catch(() => '')))
      expect(shown.join('')).not.toContain('Latchkey')
    }
  }, 60_000) // prettier-ignore

  test('cannot be reached by the page that opened it', async () => {
    const { page: address } = await serve()
    const { page } = await open(`http://127.0.0.1:${await serveEvil()}/`)
    const opening = page.waitForEvent('popup')
    await page.evaluate(`globalThis.opened = open(${JSON.stringify(address)})`)
    const popup = await opening
    await popup.getByRole('heading', { level: 1, name: 'Requests' }).waitFor()
    // Its opener holds a window that counts as closed, and is none that it could script, message or move.
    await page.waitForFunction('opened.closed')
    expect(await popup.evaluate('opener')).toBeNull()
  }, 60_000)
})
