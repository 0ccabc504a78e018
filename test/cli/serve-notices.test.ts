import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { listen, stop, until } from '../gateway/running-gateway.ts'
import { noticesOf } from '../../lib/cli/serve-notices.ts'
import { runCli, scratchFolder } from './cli-process.ts'
import { servedGateway } from './served-gateway.ts'

const SECRET = Buffer.alloc(32, 9)

let scratch: ReturnType<typeof scratchFolder>
let file: string
beforeEach(() => {
  scratch = scratchFolder()
  file = path.join(scratch.path, 'secret')
  writeFileSync(file, `whsec_${SECRET.toString('base64')}\n`, { mode: 0o600 })
})
afterEach(() => scratch.remove())

test('--notify-url is told who waits, signed with the secret of the file', async () => {
  const received: { headers: IncomingHttpHeaders; body: string }[] = []
  const receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  })
  const url = `http://127.0.0.1:${await listen(receiver)}/hook`
  const gateway = await servedGateway('--notify-url', url, '--notify-secret-file', file)
  try {
    await gateway.ask('phone')
    await until(() => received.length === 1)
    const { headers, body } = received[0] ?? { headers: {}, body: '' }
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    const expected = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  } finally {
    await gateway.stop()
    await stop(receiver)
  }
}, 60_000)

test('a URL without a secret, and a secret without a URL, stop the start', async () => {
  const place = ['--port', '0', '--state-dir', path.join(scratch.path, 'state')]
  const without = await runCli(['serve', ...place, '--notify-url', 'https://hooks.example/'])
  expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('LATCHKEY_NOTIFY_SECRET')])
  const alone = await runCli(['serve', ...place, '--notify-secret-file', file])
  expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining('--notify-url')])
}, 60_000)

test('flags win over the configuration, and leave the rest of it', () => {
  const configured = { command: ['/bin/told', 'x'], windowMs: 5000 }
  expect(noticesOf({}, configured, 'of-the-environment')).toBe(configured)
  expect(noticesOf({ notifyCommand: '/bin/tell' }, configured)).toEqual({ command: ['/bin/tell'], windowMs: 5000 })
  const url = 'https://hooks.example/'
  const webhook = { url, secret: 'of-the-environment' }
  expect(noticesOf({ notifyUrl: url }, configured, 'of-the-environment')).toEqual({ ...configured, webhook })
  const gone = path.join(scratch.path, 'gone')
  expect(() => noticesOf({ notifyUrl: url, notifySecretFile: gone }, undefined)).toThrow(`${gone} cannot be read: ENOENT`)
}) // prettier-ignore
