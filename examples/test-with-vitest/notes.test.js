// Run it with: node node_modules/vitest/vitest.mjs run --root examples/test-with-vitest
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testDevice, testGateway } from 'latchkey/testing'
import { addNotes } from './notes.js'

/** @type {import('latchkey/testing').TestGateway} */
let gateway
beforeEach(async () => {
  gateway = await testGateway()
  addNotes(gateway.gateway)
})
afterEach(() => gateway.close())

test('a tool on this machine never meets a prompt', async () => {
  const tool = await testDevice(gateway, { scopes: ['operator.read'] })
  await tool.next('hello')
  expect(await tool.call('notes.list')).toEqual(['water the plants'])
  await tool.connect({ scopes: ['operator.write'] })
  expect(await tool.call('notes.add', { text: 'feed the cat' })).toBe(2)
})

test('a phone waits for the owner, who may let it read', async () => {
  const phone = await testDevice(gateway, {
    name: 'phone',
    scopes: ['operator.read', 'operator.write'],
    from: '203.0.113.7',
  })
  const { error } = await phone.next('pairing-required')
  expect(error.verificationCode).toMatch(/^\d{4}-\d{4}$/)
  await gateway.approve(phone, { scopes: ['operator.read'] })
  await phone.next('approved')
  // It asks for both again, and holds one.
  expect((await phone.next('pairing-required')).error.reason).toBe('scope-upgrade')
  await phone.connect({ scopes: ['operator.read'] })
  await phone.next('hello')
  await expect(phone.call('notes.add', { text: 'x' })).rejects.toThrow('missing scope: operator.write')
})

test('a request that nobody answers is over after five minutes', async () => {
  const phone = await testDevice(gateway, { from: '203.0.113.7' })
  await phone.next('pairing-required')
  await gateway.clock.advance(5 * 60_000 + 1)
  await phone.next('expired')
})
