import { describe, expect, test } from '@jest/globals'
import express, { type Application, type ErrorRequestHandler, type RequestHandler } from 'express'
import express4 from 'express4'
import request from 'supertest'
import { LatchkeyError, localClient, requireLocalClient } from '../../lib/index.ts'

const FRAMEWORKS: [string, typeof express][] = [
  ['Express 5', express],
  ['Express 4', express4],
]

const tell: RequestHandler = (req, res) => {
  res.json({ local: req.isLocalClient, kind: req.clientLocality.kind, reason: req.clientLocality.reason })
}
const LOCAL = { local: true, kind: 'direct', reason: 'local' }

describe.each(FRAMEWORKS)('requireLocalClient() in %s', (_name, framework) => {
  const guarded = (): Application =>
    framework()
      .use(localClient({ allowedOrigins: ['https://app.example'] }))
      .use(requireLocalClient())
      .get('/', tell)

  test('lets local clients pass', async () => {
    await request(guarded()).get('/').expect(200, LOCAL)
  })

  test('answers others with a problem that names the reason and the change', async () => {
    const answer = await request(guarded()).get('/').set('X-Forwarded-For', '203.0.113.9').expect(403)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    })
    expect(JSON.parse(answer.text)).toEqual({
      type: 'urn:latchkey:not-local-client',
      title: expect.any(String) as unknown,
      status: 403,
      reason: 'forwarding-untrusted',
      advice: expect.stringContaining('trustProxy') as unknown,
    })
  })

  test.each<[string, Record<string, string>]>([
    ['another origin', { Origin: 'https://evil.example' }],
    ['no origin at all', { Origin: 'null' }],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another port', { 'Sec-Fetch-Site': 'same-site' }],
  ])('refuses a page of %s, although the browser is local', async (_what, headers) => {
    const answer = await request(guarded()).get('/').set(headers).expect(403)
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'urn:latchkey:cross-site' })
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test.each<[string, Record<string, string>]>([
    ['an origin that was allowed', { Origin: 'https://app.example' }],
    ['the address bar', { 'Sec-Fetch-Site': 'none' }],
  ])('lets %s pass', async (_what, headers) => {
    await request(guarded()).get('/').set(headers).expect(200)
  })

  test('without localClient() before it: LOCALITY_MISSING, and nobody passes', async () => {
    let seen: unknown
    const onError: ErrorRequestHandler = (error, _req, res, next) => {
      if (res.headersSent) next(error)
      seen = error
      res.status(500).end()
    }
    const app = framework().use(requireLocalClient()).get('/', tell)
    app.use(onError)
    await request(app).get('/').expect(500)
    expect(seen).toBeInstanceOf(LatchkeyError)
    expect(seen).toMatchObject({ code: 'LOCALITY_MISSING' })
  })
})
