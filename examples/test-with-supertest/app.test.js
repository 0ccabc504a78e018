// Run it with: node --experimental-vm-modules node_modules/jest/bin/jest.js --config examples/test-with-supertest/jest.config.js
import { afterAll, beforeAll, describe, test } from '@jest/globals'
import request from 'supertest'
import superwstest from 'superwstest'
import { asLocal, attack, fromPeer, throughProxy, via } from 'latchkey/testing'
import { createApp } from './app.js'

const { app, server, gateway } = await createApp()
// WebSockets need a server that listens.
beforeAll(() => new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(undefined))))
afterAll(async () => {
  superwstest.closeAll()
  await gateway.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('the notes', () => {
  test('are for clients on this machine', () =>
    request(asLocal(app)).get('/notes').expect(200, ['water the plants']))
  test('not for others', () => request(fromPeer(app, '203.0.113.7')).get('/notes').expect(403))
  test('not for others behind a proxy', () =>
    request(fromPeer(app, via('203.0.113.7', '10.0.0.2')))
      .get('/notes')
      .expect(403))
  test('not even behind an nginx that says nothing', () =>
    request(throughProxy(app, 'nginx-bare')).get('/notes').expect(403))
})

describe('the gateway', () => {
  const isChallenge = (/** @type {{ event?: string }} */ frame) => frame.event === 'connect.challenge'
  test('greets whoever connects', () =>
    superwstest(fromPeer(server, '203.0.113.7')).ws('/gateway').expectJson(isChallenge).close())
  test('refuses pages of other sites before the 101', () =>
    superwstest(asLocal(server))
      .ws('/gateway')
      .set('Origin', 'https://evil.example')
      .expectConnectionError(403))
})

test('nothing of the corpus is taken for local, or paired silently', async () => {
  const result = await attack(server, { path: '/notes', wsPath: '/gateway' })
  result.expectSafe()
}, 120_000)
