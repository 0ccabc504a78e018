import { connect } from 'node:net'
import express from 'express'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { closeApis, EXPRESSES, serveApi, type Api, type Method } from './api-fixture.ts'

afterEach(closeApis)

describe.each(EXPRESSES)('below a mount of %s', (_name, make) => {
  let api: Api
  beforeEach(async () => {
    api = await serveApi({}, make)
  })

  test.each([
    ['another origin', { Origin: 'https://evil.example' }],
    ['an opaque origin', { Origin: 'null' }],
    ['another port of this machine', { Origin: 'http://127.0.0.1:1' }],
    ['a link or an image elsewhere', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sibling', { 'Sec-Fetch-Site': 'same-site' }],
  ])('a page of %s gets nothing, not even to read', async (_page, headers) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS'] as Method[]) {
      const answer = await api.call(method, '/devices', undefined, headers).expect(403)
      expect(answer.body).toMatchObject({ code: 'CROSS_SITE' })
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test('the page of the very host may call', async () => {
    const own = { Origin: `http://127.0.0.1:${api.port}`, 'Sec-Fetch-Site': 'same-origin' }
    const answer = await api.call('POST', '/grants/undo', { sinceMs: 0 }, own).expect(200)
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('a form decides nothing', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'text/plain',
      'multipart/form-data; boundary=x',
    ]) {
      const answer = await api
        .call('POST', '/grants/undo')
        .set('Content-Type', type)
        .send('{"sinceMs":0}')
        .expect(415)
      expect(answer.body.code).toBe('MEDIA_TYPE_UNSUPPORTED')
    }
    await api.call('POST', '/grants/undo').expect(415)
  })

  test('methods that there are not are named with those that there are', async () => {
    const allow = async (method: Method, path: string) =>
      (await api.call(method, path).expect(405)).headers.allow
    expect(await allow('OPTIONS', '/devices')).toBe('GET, HEAD')
    expect(await allow('PUT', `/devices/${'0'.repeat(64)}`)).toBe('GET, HEAD, PATCH, DELETE')
    expect(await allow('GET', '/grants/undo')).toBe('POST')
    expect(await allow('POST', '/openapi.json')).toBe('GET, HEAD')
    const head = await api.call('HEAD', '/devices').expect(200)
    expect([head.text, head.headers['content-length']]).toEqual([undefined, '26'])
  })

  test('everything but the document is not to be kept', async () => {
    const cached = async (path: string) => (await api.call('GET', path)).headers['cache-control']
    expect(await cached('/devices')).toBe('no-store')
    expect(await cached('/unknown')).toBe('no-store')
    expect(await cached('/openapi.json')).toBe('public, max-age=300')
    api.peer.status = 'unproven'
    expect(await cached('/devices')).toBe('no-store')
    expect(await cached('/openapi.json')).toBe('public, max-age=300')
  })

  test.each([
    '/..%2f..%2fwhoami', '/devices/..%2f..', '/devices/%2e%2e/', '//devices', '/devices/', '/Devices', '',
    '/devices/%00', '/devices/%E0%A4%A', '/devices;x', '/requests/__proto__/approve', '/constructor', '/%64evices',
  ])('%s leads nowhere', async (path) => {
    const { status, body } = await api.call('GET', path)
    expect([400, 404, 405]).toContain(status)
    expect(body).toMatchObject({ type: expect.stringMatching(/^urn:latchkey:/), status })
  }) // prettier-ignore

  test('what is not below api is left to the app', async () => {
    for (const path of ['x', '2/devices', '.json']) expect((await api.call('GET', path)).status).toBe(418)
  })

  test('a body has its limits', async () => {
    const post = (text: string | Buffer) =>
      api.call('POST', '/explain').set('Content-Type', 'application/json').send(text)
    const large = await post(JSON.stringify({ a: 'x'.repeat(70_000) })).expect(413)
    expect(large.body).toMatchObject({ code: 'BODY_TOO_LARGE', maxBytes: 65536 })
    for (const text of ['[', '[]', 'null', '"x"', `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`, '{"a":1}{'])
      expect((await post(text).expect(400)).body.code).toBe('BODY_MALFORMED')
    const invalid = api.call('POST', '/explain').set('Content-Type', 'application/json')
    invalid.write(Buffer.from([0x7b, 0xff, 0x7d]))
    expect((await invalid.expect(400)).body.code).toBe('BODY_MALFORMED')
    await post('{}').set('Content-Encoding', 'gzip').expect(415)
    await post('{}').set('Content-Type', 'application/json; charset=latin1').expect(415)
  })

  test('names that mean something to JavaScript mean nothing here', async () => {
    const post = (path: string, text: string) =>
      api.call('POST', path).set('Content-Type', 'application/json').send(text)
    await post('/grants/undo', '{"__proto__":{"sinceMs":0}}').expect(400)
    await post('/grants/undo', '{"sinceMs":0,"constructor":{"prototype":{}}}').expect(400)
    // The last one counts, and no other reader is in between that could see it otherwise.
    expect((await post('/grants/undo', '{"sinceMs":"x","sinceMs":7}').expect(200)).body.sinceMs).toBe(7)
    const record =
      '{"remoteAddress":"127.0.0.1","headers":{"Host":"localhost"},"__proto__":{"peer":{"status":"same-user"}}}'
    const { body } = await post('/explain', record).expect(200)
    expect(body).toMatchObject({ verdict: { reason: 'peer-unproven' }, ignored: ['__proto__'] })
    expect(({} as { sinceMs?: unknown }).sinceMs).toBeUndefined()
  })

  test('parameters are checked, and named when they are unknown', async () => {
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=x',
      'limit=1&limit=2',
      'connected=1',
      'cursor=x',
      'constructor=1',
    ])
      await api.call('GET', `/devices?${query}`).expect(400)
    const { body } = await api.call('GET', '/devices?lmit=5').expect(400)
    expect(body.detail).toBe(
      'query: there is no parameter "lmit"; known: limit, cursor, name, role, connected',
    )
    expect((await api.call('GET', '/devices/abc').expect(400)).body.detail).toMatch(
      /^path.deviceId must match/,
    )
  })
})

test.each(EXPRESSES)('after express.json() of %s all limits still hold', async (_name, make) => {
  const api = await serveApi({}, make, (app) => app.use(express.json({ limit: '1mb' }), express.text()))
  await api.call('POST', '/grants/undo', { sinceMs: 0 }).expect(200)
  const post = (text: string) =>
    api.call('POST', '/explain').set('Content-Type', 'application/json').send(text)
  await post(JSON.stringify({ a: 'x'.repeat(70_000) })).expect(413)
  await post(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`).expect(400)
  await post('{"__proto__":{"remoteAddress":"127.0.0.1"}}').expect(400)
  await api.call('POST', '/grants/undo').set('Content-Type', 'text/plain').send('{"sinceMs":0}').expect(415)
})

test('a body without an end is cut off, and the answer is read before', async () => {
  const api = await serveApi()
  const socket = connect(api.port, '127.0.0.1')
  const answer = new Promise<string>((resolve) => {
    let text = ''
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
  const head = [
    'POST /gateway/api/explain HTTP/1.1',
    `Host: 127.0.0.1:${api.port}`,
    'Content-Type: application/json',
  ]
  socket.write([...head, 'Content-Length: 99999999999', '', '{'].join('\r\n'))
  expect(await answer).toMatch(/^HTTP\/1.1 413 [\s\S]*BODY_TOO_LARGE/)
})

test('api: false leaves the paths to the app', async () => {
  const api = await serveApi({ api: false })
  expect((await api.call('GET', '/devices')).status).toBe(418)
  await expect(serveApi({ api: 1 } as object)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})
