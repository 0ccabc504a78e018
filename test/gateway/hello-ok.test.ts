import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

const file = new URL('../../node_modules/@openclaw/gateway-protocol/protocol.schema.json', import.meta.url)
const published = JSON.parse(readFileSync(file, 'utf8')) as { definitions: { HelloOk: object } }
const isHelloOk = new Ajv({ strict: false, allErrors: true }).compile(published.definitions.HelloOk)

let running: RunningGateway
beforeAll(async () => {
  running = await runGateway()
  running.gateway.method('photos.list', { scope: null }, () => [])
})
afterAll(() => running.close())

describe('hello-ok', () => {
  test.each([3, 4])('of protocol %i is what the published schema describes', async (protocol) => {
    const identity = createDeviceIdentity()
    const range = { minProtocol: protocol, maxProtocol: protocol }
    // With a new token, and without.
    for (let i = 0; i < 2; i += 1) {
      const { client, hello } = await admittedAs(running.url, identity, range)
      expect(isHelloOk(hello) ? [] : isHelloOk.errors).toEqual([])
      expect(hello.protocol).toBe(protocol)
      client.close()
    }
  })

  test('the schema would notice', () => {
    expect(isHelloOk({ type: 'hello-ok', protocol: 4 })).toBe(false)
  })

  test('names the methods of the app, the limits, and what was granted', async () => {
    const { client, hello } = await admittedAs(running.url, createDeviceIdentity(), {
      scopes: ['b.x', 'a.x', 'a.x'],
    })
    expect(hello).toMatchObject({
      type: 'hello-ok',
      features: { methods: expect.arrayContaining(['health', 'device.pair.list', 'photos.list']) as unknown },
      auth: { role: 'operator', scopes: ['a.x', 'b.x'] },
      policy: { maxPayload: 1_048_576, maxBufferedBytes: 4_194_304, tickIntervalMs: 30_000 },
    })
    client.close()
  })

  test('drops operator scopes that a node sends along', async () => {
    const ask = { role: 'node', scopes: ['operator.admin', 'camera.snap'] }
    const { client, hello } = await admittedAs(running.url, createDeviceIdentity(), ask)
    expect(hello.auth).toMatchObject({ role: 'node', scopes: ['camera.snap'] })
    client.close()
  })
})
