import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { simulatedConnection } from '../../lib/evidence/simulated-connection.ts'
import { asLocal, fromPeer } from '../../lib/testing/index.ts'
import { listen, stop } from '../gateway/running-gateway.ts'
import { rightApp } from './attacked-apps.ts'

const lib = path.resolve(import.meta.dirname, '../../lib')
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const importsOf = (file: string): string[] =>
  [...readFileSync(path.join(lib, file), 'utf8').matchAll(/from '([^']+)'/g)].map(([, target = '']) => target)

let server: Server | null = null
afterEach(async () => {
  if (server !== null) await stop(server)
  server = null
})

/** A request over a connection of its own, to whichever port. */
function get(port: number, ...headers: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => (text += chunk.toString('latin1')))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
    socket.write(
      ['GET /whoami HTTP/1.1', 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'),
    )
  })
}

describe('what tests make up opens no door', () => {
  test('nothing in lib but the kit makes anything up, and nothing imports the kit', () => {
    const makers = files.filter((file) =>
      /\bsimulateConnection\b/.test(readFileSync(path.join(lib, file), 'utf8')),
    )
    expect(makers.filter((file) => !file.startsWith('testing/'))).toEqual([
      'evidence/simulated-connection.ts',
    ])
    const users = files.filter(
      (file) => !file.startsWith('testing/') && importsOf(file).some((target) => /\/testing\//.test(target)),
    )
    expect(users).toEqual([])
    const entries = ['index.ts', 'client/index.ts', 'evidence/index.ts']
    for (const entry of entries)
      expect(importsOf(entry).filter((target) => /simulated/.test(target))).toEqual([])
  })

  test('the kit imports no test runner, and neither supertest nor superwstest', () => {
    const outside = new Set(
      files.filter((file) => file.startsWith('testing/')).flatMap(importsOf).filter((target) => !target.startsWith('.')), // prettier-ignore
    )
    expect([...outside].filter((target) => !target.startsWith('node:')).sort()).toEqual([])
  })

  test('a connection to the app’s own port is what it is, whatever it says and whoever else is made up', async () => {
    server = createServer(rightApp(undefined, { peerLookup: unproven }))
    const port = await listen(server)
    const { port: local } = asLocal(server).address() as AddressInfo
    const { port: remote } = fromPeer(server, '203.0.113.7').address() as AddressInfo
    expect(await get(local)).toContain('"isLocal":true')
    expect(await get(remote)).toContain('"reason":"peer-not-loopback"')
    const attempts = [
      [],
      ['X-Latchkey-Peer: same-user', 'X-Latchkey-Testing: 1', 'Latchkey-From: 127.0.0.1'],
      ['__proto__: same-user', 'constructor: x', 'socket.remoteAddress.value: 127.0.0.1'],
      ['Sec-Latchkey-Simulate: {"remoteAddress":"127.0.0.1","peer":{"status":"same-user"}}'],
    ]
    for (const headers of attempts) expect(await get(port, ...headers)).toContain('"reason":"peer-unproven"')
    // The made up connections were closed; what comes from their ports later is not theirs.
    expect(await get(port)).toContain('"reason":"peer-unproven"')
  })

  test('nothing that stands on a socket, a request or a prototype makes a connection up', () => {
    const socket = { remoteAddress: '127.0.0.1', simulated: true, peer: { status: 'same-user' } }
    expect(simulatedConnection(socket)).toBeUndefined()
    expect(simulatedConnection(Object.create(socket) as object)).toBeUndefined()
  })

  test('strangers do not get at what is made up for tests', async () => {
    server = createServer(rightApp())
    await listen(server)
    const { port, address } = asLocal(server).address() as AddressInfo
    expect(address).toBe('127.0.0.1')
    const outside = ownAddress()
    if (outside === null) return
    const answer = await new Promise<string>((resolve) => {
      const socket = connect({ port, host: outside })
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString('latin1')))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(text))
      socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    })
    expect(answer).toBe('')
  })
})

const unproven = {
  name: 'none',
  lookup: () => Promise.resolve({ status: 'unproven' as const }),
  close: () => Promise.resolve(),
}

/** An address of this host that others could use; `null` where there is only loopback. */
function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? null
}
