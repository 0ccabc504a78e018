import express from 'express'
import express4 from 'express4'
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
  app.use('/gateway', gateway.routes())
  app.use((_request, response) => {
    response.status(418).send('the app')
  })
  return { app, gateway }
}

describe.each([
  ['Express 5', express],
  ['Express 4', express4],
])('GET whoami under %s', (_name, make) => {
  test('tells a client about itself', async () => {
    const { app, gateway } = await appOf({}, make)
    const local = await request(app).get('/gateway/whoami?probe=abc-1').expect(200)
    expect(local.body).toMatchObject({
      isLocal: true,
      reason: 'local',
      gatewayId: gateway.id,
      probe: 'abc-1',
    })
    expect(local.headers['cache-control']).toBe('no-store')
    const far = await request(app).get('/gateway/whoami').set('X-Forwarded-For', '203.0.113.7').expect(200)
    expect(far.body).toMatchObject({
      isLocal: false,
      reason: 'forwarding-untrusted',
      advice: expect.any(String),
    })
  })

  test('gives no other text back', async () => {
    const { app } = await appOf({}, make)
    const answer = await request(app).get('/gateway/whoami?probe=%3Cscript%3E')
    const { headers } = answer
    expect(answer.body).not.toHaveProperty('probe')
    expect(headers['content-type']).toMatch(/^application\/json/)
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('leaves everything else to the app', async () => {
    const { app } = await appOf({}, make)
    await request(app).get('/gateway/other').expect(418)
    await request(app).post('/gateway/whoami').expect(418)
    await request(app).get('/gateway').expect(418)
  })
})

describe('GET metrics', () => {
  test('counts verdicts and look-ups, for local clients', async () => {
    const { app } = await appOf()
    await request(app).get('/gateway/whoami').set('X-Forwarded-For', '203.0.113.7')
    const { text, headers } = await request(app).get('/gateway/metrics').expect(200)
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(text).toMatch(/^latchkey_verdicts_total\{reason="forwarding-untrusted"\} 1$/m)
    expect(text).toMatch(/^latchkey_peer_lookups_total\{status="same-user"\} 1$/m)
    expect(text).toMatch(/^latchkey_peer_lookup_seconds_bucket\{le="\+Inf"\} \d$/m)
    expect(text).toMatch(/^latchkey_tainted 0$/m)
    // Every line is a comment or `name{labels} value`.
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[^"]*"\})? [\d.e+-]+)$/)
  })

  test('refuses everybody else, and pages from elsewhere', async () => {
    const { app } = await appOf()
    await request(app).get('/gateway/metrics').set('X-Forwarded-For', '203.0.113.7').expect(403)
    await request(app).get('/gateway/metrics').set('Origin', 'https://evil.example').expect(403)
    await request(app)
      .get('/gateway/metrics')
      .set('X-Forwarded-For', '1.2.3.4')
      .set('Authorization', 'Bearer ')
      .expect(403)
  })

  test('lets a scraper with the token in, from anywhere', async () => {
    const metricsToken = 'a-token-of-enough-length'
    const { app } = await appOf({ metricsToken })
    const scrape = (authorization: string) =>
      request(app)
        .get('/gateway/metrics')
        .set('X-Forwarded-For', '203.0.113.7')
        .set('Authorization', authorization)
    await scrape(`Bearer ${metricsToken}`).expect(200)
    await scrape(`Bearer ${metricsToken}x`).expect(403)
    await scrape(metricsToken).expect(403)
    await expect(createGateway({ store: memoryStore(), metricsToken: 'short' })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})
