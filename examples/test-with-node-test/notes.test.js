// Run it with: node --test examples/test-with-node-test/notes.test.js
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import express from 'express'
import { localClient, requireLocalClient } from 'latchkey'
import { attack, asLocal, fromPeer } from 'latchkey/testing'

/**
 * Without supertest: a server that listens has an address.
 * @param {import('node:net').Server} server
 * @param {string} path
 */
async function get(server, path) {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    return await fetch(`http://127.0.0.1:${port}${path}`)
  } finally {
    server.close()
  }
}

const right = express()
right.use(localClient())
right.get('/notes', requireLocalClient(), (req, res) => res.json(['water the plants']))

const naive = express()
naive.get('/notes', (req, res) =>
  req.ip === '127.0.0.1' ? res.json(['water the plants']) : res.sendStatus(403),
)

describe('who may read the notes', () => {
  test('a client on this machine', async () =>
    assert.equal((await get(asLocal(right), '/notes')).status, 200))
  test('nobody else', async () =>
    assert.equal((await get(fromPeer(right, '203.0.113.7'), '/notes')).status, 403))
})

describe('the attack', () => {
  test('finds nothing in the right app', async () => (await attack(right, { path: '/notes' })).expectSafe())
  test('finds the naive one, which only looks right', async () => {
    assert.equal((await get(fromPeer(naive, '203.0.113.7'), '/notes')).status, 403)
    const result = await attack(naive, { path: '/notes' })
    assert.ok(result.findings.length > 500)
    assert.throws(() => result.expectSafe(), { code: 'TEST_FAILED' })
  })
})
