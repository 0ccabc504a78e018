import { connect } from 'node:net'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { WebSocket } from 'ws'
import { serveExample, type ServedExample } from './example-program.ts'

jest.setTimeout(120_000)

let example: ServedExample
beforeAll(async () => {
  example = await serveExample('express-ws')
})
afterAll(() => example.stop())

/** What comes of a WebSocket to the app's own route that says hello. */
function echo(headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(example.url.replace('/gateway', '/echo'), { headers })
    socket.on('open', () => socket.send('hello'))
    socket.on('message', (data: Buffer) => {
      resolve(data.toString('utf8'))
      socket.close()
    })
    socket.on('close', (code: number) => resolve(`close ${code}`))
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(`HTTP ${statusCode}`))
    socket.on('error', () => undefined)
  })
}

test('the gateway is paired silently beside a route of the app', async () => {
  const called = await example.cli('call', 'notes.list', '--scope', 'operator.read')
  expect([called.code, called.stdout]).toEqual([0, '[\n  "water the plants"\n]\n'])
  const far = await example.cli('call', 'notes.list', '--header', 'X-Forwarded-For: 203.0.113.7')
  expect(far.code).toBe(3)
  expect(await echo({ 'X-Forwarded-For': '203.0.113.7' })).toBe('close 1008')
})

test('a page of another origin gets no 101 on any route', async () => {
  expect(await echo({ Origin: 'https://evil.example' })).toBe('HTTP 403')
})

test('a malformed frame on the route of the app does not end the process', async () => {
  const { port } = new URL(example.url)
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.once('data', () => socket.write(Buffer.from('f985000000000000', 'hex')))
    socket.once('close', () => resolve())
    socket.write(
      [
        'GET /echo HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        '\r\n',
      ].join('\r\n'),
    )
  })
  expect((await example.cli('call', 'notes.list', '--scope', 'operator.read')).code).toBe(0)
})
