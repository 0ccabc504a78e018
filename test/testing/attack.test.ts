import { readFileSync } from 'node:fs'
import { describe, expect, jest, test } from '@jest/globals'
import express from 'express'
import helmet from 'helmet'
import { localClient, requireLocalClient } from '../../lib/index.ts'
import { attack, type AttackOptions, type AttackResult, type Weakness } from '../../lib/testing/index.ts'
import { extraCases } from '../../lib/testing/attack/extra-cases.ts'
import { corpusCases, readLocalityCases, readProxyRecords } from '../../lib/testing/attack/read-corpus.ts'
import { EXPRESS, naiveApp, rightApp } from './attacked-apps.ts'

// Each attack is some 850 requests; other test files run beside it.
jest.setTimeout(240_000)

function weaknessesOf({ findings }: AttackResult): Weakness[] {
  return [...new Set(findings.map(({ weakness }) => weakness))].sort()
}

describe('the corpus', () => {
  test.each(['locality', 'proxies'])('%s.json of the package is that of the tests, whole', (name) => {
    const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
    expect(read(`../../lib/testing/corpus/${name}.json`)).toEqual(read(`../corpus/${name}.json`))
  })

  test('every case whose sender is not local is sent, and every record of a remote client', () => {
    const sent = new Set(corpusCases().map(({ id }) => id))
    const remote = readLocalityCases().filter(({ truth }) => truth === 'remote' || truth === 'browser-attack')
    expect(remote.filter(({ id, httpVersion }) => httpVersion !== '2.0' && !sent.has(id))).toEqual([])
    const records = readProxyRecords().filter(({ client }) => client.startsWith('remote'))
    expect(corpusCases()).toHaveLength(records.length + 198)
    expect(records).toHaveLength(132)
  })

  test('the further cases are all different', () => {
    const cases = extraCases()
    expect(cases.length).toBeGreaterThan(450)
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  })
})

describe.each(EXPRESS)('an app on %s', (_name, make) => {
  test('that does it right is clean, and the report says what was tried', async () => {
    const result = await attack(rightApp(make), { path: '/notes' })
    expect(result.report).toMatch(/^HTTP: a local client was let in, as it must be \(200 OK/)
    expect(result.findings).toEqual([])
    expect(result.ran).toBeGreaterThan(800)
    expect([result.skipped, result.unanswered]).toEqual([0, 0])
    result.expectSafe()
  })

  test('that looks at req.ip is found, with the reasons', async () => {
    const result = await attack(
      naiveApp(make, ({ ip }) => ip === '127.0.0.1'),
      { path: '/notes' },
    )
    expect(weaknessesOf(result)).toEqual([
      'headers-alone',
      'ignores-forwarding',
      'ignores-host',
      'ignores-page',
      'ignores-target',
      'reads-malformed',
    ])
    expect(() => result.expectSafe()).toThrow(
      /attacks, \d{3} let in[\s\S]*The app overlooks that a proxy speaks for somebody else \(\d+\)/,
    )
    const names = result.findings.map((finding) => finding.name)
    expect(names).toContain('a client elsewhere through nginx 1.22.1, minimal: proxy_pass only (get)')
  })
})

describe('other naive apps', () => {
  test('req.socket.remoteAddress', async () => {
    const app = naiveApp(express, ({ socket }) => /127\.0\.0\.1$|^::1$/.test(socket.remoteAddress ?? ''))
    expect(weaknessesOf(await attack(app, { path: '/notes' }))).toContain('ignores-forwarding')
  })

  test('an unknown address taken for that of a Unix socket', async () => {
    const app = naiveApp(express, ({ socket }) => ['127.0.0.1', undefined].includes(socket.remoteAddress))
    expect(weaknessesOf(await attack(app, { path: '/notes' }))).toContain('no-address')
  })

  test('req.hostname', async () => {
    const result = await attack(
      naiveApp(express, ({ hostname }) => hostname === 'localhost'),
      { path: '/notes' },
    )
    expect(weaknessesOf(result)).toEqual(expect.arrayContaining(['believes-host', 'headers-alone']))
    const found = result.findings.find(({ weakness }) => weakness === 'believes-host')
    expect(found).toMatchObject({
      channel: 'http',
      sent: expect.stringContaining('Host: localhost'),
      got: '200 OK ["water the plants"]',
      why: expect.stringContaining('every client can'),
      change: expect.stringContaining('req.hostname'),
    })
  })

  test('trust proxy: true and req.ip', async () => {
    const app = naiveApp(express, ({ ip }) => ip === '127.0.0.1', true)
    const result = await attack(app, { path: '/notes' })
    expect(weaknessesOf(result)).toContain('believes-forwarding')
    expect(result.report).toContain("Never app.set('trust proxy', true)")
  })

  test('headers alone: what the kernel would have told', async () => {
    const result = await attack(rightApp(express, { dangerouslyTrustHeaders: true }), { path: '/notes' })
    expect(weaknessesOf(result)).toEqual(['headers-alone'])
    expect(result.findings.length).toBeGreaterThanOrEqual(15)
  })

  test('a verdict that is kept on the socket', async () => {
    const local = new WeakSet<object>()
    const app = express()
    app.use(localClient())
    app.use((request, response, next) => {
      if (local.has(request.socket)) response.json(['water the plants'])
      else next()
    })
    app.get('/notes', requireLocalClient(), (request, response) => {
      local.add(request.socket)
      response.json(['water the plants'])
    })
    expect(weaknessesOf(await attack(app, { path: '/notes' }))).toEqual(['remembers-connection'])
  })

  test('isLocalClient without a look at the page', async () => {
    const app = express()
    app.use(localClient())
    app.get('/plain', (request, response) => void response.sendStatus(request.isLocalClient ? 200 : 403))
    expect(weaknessesOf(await attack(app, { path: '/plain' }))).toEqual(['ignores-page'])
  })
})

describe('how an app is mounted and configured does not open it', () => {
  test.each([
    ['a proxy on this machine', { trustProxy: ['loopback'] }],
    ['proxies elsewhere', { trustProxy: ['loopback', '10.0.0.0/8', 'uniquelocal', 'linklocal'] }],
    [
      'RFC 7239 and a name of its own',
      { trustProxy: ['loopback'], forwardedBy: 'forwarded', hosts: ['gateway.internal'] },
    ],
    ['own addresses', { ownAddresses: true, trustProxy: ['loopback'] }],
  ] as const)('%s', async (_what, options) => {
    const result = await attack(rightApp(express, options), { path: '/notes' })
    expect(result.findings).toEqual([])
    result.expectSafe()
  })

  test('below a mount point, beside helmet, a POST with a cookie', async () => {
    const app = express()
    app.use(helmet())
    app.use('/admin', (request, response, next) => {
      if (request.headers.cookie === 'session=1') next()
      else response.sendStatus(401)
    })
    app.use('/admin', rightApp())
    const options = { path: '/admin/notes', method: 'POST', headers: { Cookie: 'session=1' } }
    const result = await attack(app, options)
    result.expectSafe()
    expect(result.ran).toBeGreaterThan(800)
    // Without the cookie even a local client is refused, so nothing is proved.
    const without = await attack(app, { path: '/admin/notes' })
    expect(() => without.expectSafe()).toThrow('nothing is proved')
  })

  test('a page that tells a client about itself', async () => {
    const result = await attack(rightApp(), { path: '/whoami' })
    expect(result.findings).toEqual([])
    expect(result.ran).toBeGreaterThan(800)
  })
})

describe('the attack proves itself', () => {
  test('a route that nobody may use proves nothing', async () => {
    const result = await attack(
      naiveApp(express, () => false),
      { path: '/notes' },
    )
    expect(result).toMatchObject({ ran: 0, findings: [], controls: [{ channel: 'http', localLetIn: false }] })
    expect(() => result.expectSafe()).toThrow(/nothing is proved[\s\S]*403 Forbidden/)
  })

  test('a route that everybody may use is one finding', async () => {
    const result = await attack(
      naiveApp(express, () => true),
      { path: '/notes' },
    )
    expect(weaknessesOf(result)).toEqual(['not-guarded'])
    expect(result.ran).toBe(0)
  })

  test('the app may say itself how it shows that a client is local', async () => {
    const app = express()
    app.get('/', (request, response) => void response.send(request.ip === '127.0.0.1' ? 'inside' : 'outside'))
    const isLocal = ({ body }: { body: string }): boolean => body === 'inside'
    const result = await attack(app, { path: '/', isLocal })
    expect(weaknessesOf(result)).toContain('ignores-forwarding')
  })

  test.each([
    [{}, 'expected a path'],
    [{ path: 'notes' }, 'path: got "notes"'],
    [{ pth: '/notes' }, 'did you mean path?'],
    [{ path: '/', method: 'get it' }, 'method: got "get it"'],
    [{ path: '/', headers: { 'a b': 'c' } }, 'headers: expected'],
  ])('%j is refused', async (options, message) => {
    await expect(attack(express(), options as AttackOptions)).rejects.toThrow(message)
  })
})
