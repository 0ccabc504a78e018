import express from 'express'
import express4 from 'express4'
import helmet from 'helmet'
import request from 'supertest'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createGateway, memoryStore, type Gateway, type GatewayOptions } from '../../lib/index.ts'

const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
})

async function appOf(options: Partial<GatewayOptions> = {}, make: typeof express = express) {
  const gateway = await createGateway({ store: memoryStore(), ...options })
  gateways.push(gateway)
  const app = make()
  app.use(helmet())
  app.use('/gateway', gateway.routes())
  app.use((_request, response) => {
    response.status(418).send('the app')
  })
  return app
}

async function scriptOf(app: Parameters<typeof request>[0]): Promise<string> {
  const page = await request(app).get('/gateway/console').expect(200)
  return /<script type="module" src="([^"]+)">/.exec(page.text)?.[1] ?? ''
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('GET console under %s, beside helmet', (_name, make) => {
  test('is the page, with a policy of its own', async () => {
    const app = await appOf({}, make)
    const { headers, text } = await request(app).get('/gateway/console').expect(200)
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers).not.toHaveProperty('strict-transport-security')
    // Nothing in the page itself that the policy would have to allow.
    expect(text).not.toMatch(/<style|style=|<script(?! type="module" src=)| on[a-z]+=|https?:/)
  })

  test('over plain http from elsewhere, what browsers heed in secure contexts alone is left out', async () => {
    const app = await appOf({}, make)
    const { headers } = await request(app).get('/gateway/console').set('Host', 'server.lan:4747').expect(200)
    expect(headers).not.toHaveProperty('cross-origin-opener-policy')
    expect(headers).not.toHaveProperty('origin-agent-cluster')
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
  })

  test('over TLS, the app decides about HSTS', async () => {
    const app = await appOf({}, make)
    const { headers } = await request(app).get('/gateway/console').set('X-Forwarded-Proto', 'https')
    expect(headers).toHaveProperty('strict-transport-security')
  })

  test('its files may be kept for good, and carry the same policy', async () => {
    const app = await appOf({}, make)
    const { headers, text } = await request(app)
      .get(`/gateway/${await scriptOf(app)}`)
      .expect(200)
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-content-type-options': 'nosniff',
    })
    expect(text).toContain('import')
  })
})

test('every module that the page imports is served, and named in the page', async () => {
  const app = await appOf()
  const { text } = await request(app).get('/gateway/console')
  const named = [...text.matchAll(/href="(console\/[^"]+)"/g)].map(([, href = '']) => href)
  expect(named.length).toBeGreaterThan(40)
  for (const href of named) await request(app).get(`/gateway/${href}`).expect(200)
})

test('packages are served beside the page, and what few pages need is not loaded by the others', async () => {
  const app = await appOf()
  const { text } = await request(app).get('/gateway/console')
  const at = `/gateway/${(await scriptOf(app)).replace(/admin\/console\/main\.js$/, '')}`
  expect(text).toContain('packages/uqr/index.mjs')
  expect(text).not.toMatch(/plain-http-crypto|@noble/)
  const { text: crypto } = await request(app).get(`${at}admin/console/plain-http-crypto.js`).expect(200)
  expect(crypto).toContain("from '../../packages/@noble/ed25519/index.js'")
  for (const name of ['ed25519/index', 'hashes/sha2', 'hashes/utils'])
    await request(app).get(`${at}packages/@noble/${name}.js`).expect(200)
  // Nothing else of the packages.
  for (const name of ['hashes/legacy.js', 'hashes/package.json', 'ed25519/../hashes/package.json'])
    await request(app).get(`${at}packages/@noble/${name}`).expect(418)
})

test.each([
  'console/',
  'console/../whoami',
  'consolex',
  'console/%2e%2e/%2e%2e/package.json',
  'console/VERSION/../../package.json',
  'console/VERSION/package.json',
  'console/VERSION/cli/main.js',
  'console/VERSION/index.js',
  'console/VERSION/admin/console/../console/main.js',
  'console/VERSION/admin/console/%6dain.js',
  'console/VERSION/admin/console/console.html',
  'console/VERSION//etc/passwd',
  'console/0000000000000000/admin/console/main.js',
])('%s is no file of the page', async (path) => {
  const app = await appOf()
  const version = (await scriptOf(app)).split('/')[1] ?? ''
  // Sent as it is: a URL would be tidied up on the way.
  const { status, headers } = await request(app).get('/').then(() => raw(app, `/gateway/${path.replace('VERSION', version)}`)) // prettier-ignore
  if (path === 'console/') expect([status, headers.location]).toEqual([307, '../console'])
  else expect(status).toBe(418)
})

/** Without a client that normalizes the path. */
async function raw(
  app: express.Express,
  path: string,
): Promise<{ status: number; headers: Record<string, string> }> {
  const { createServer, get } = await import('node:http')
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  try {
    return await new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: address.port, path, agent: false }, (response) => {
        response.resume()
        resolve({ status: response.statusCode ?? 0, headers: response.headers as Record<string, string> })
      }).once('error', reject)
    })
  } finally {
    server.close()
  }
}

test('HEAD has no body, other methods are the app’s', async () => {
  const app = await appOf()
  const head = await request(app).head('/gateway/console').expect(200)
  expect(Number(head.headers['content-length'])).toBeGreaterThan(500)
  await request(app).post('/gateway/console').expect(418)
})

test('console: false leaves it out; anything else than true and false is refused', async () => {
  await request(await appOf({ console: false }))
    .get('/gateway/console')
    .expect(418)
  await expect(createGateway({ store: memoryStore(), console: 'no' as never })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: 'console: expected true or false',
  })
})
