import { createHmac } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { createGateway, memoryStore } from '../../../lib/index.ts'
import type { NoticeOptions } from '../../../lib/gateway/notices/notice-options.ts'
import { listen, runGateway, stop, until, type RunningGateway } from '../running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../signed-connect.ts'

const SECRET = Buffer.alloc(32, 7)
type Received = { headers: IncomingHttpHeaders; body: string }

let receiver: Server
let received: Received[]
let status: number
let url: string
let running: RunningGateway | null
beforeEach(async () => {
  received = []
  status = 204
  running = null
  receiver = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(status, status === 302 ? { Location: '/elsewhere' } : {})
      response.end()
    })
  })
  url = `http://127.0.0.1:${await listen(receiver)}/hook`
})
afterEach(async () => {
  await running?.close()
  await stop(receiver)
})

async function start(notices: NoticeOptions): Promise<RunningGateway> {
  running = await runGateway({ notices })
  return running
}

async function knock(displayName: string, scopes = ['operator.read']): Promise<void> {
  const ask = { scopes, client: { displayName } }
  const { client } = await connectAs(String(running?.url), createDeviceIdentity(), ask, FORWARDED)
  client.close()
}

const notice = (index: number): Record<string, unknown> =>
  JSON.parse(received[index]?.body ?? '{}') as Record<string, unknown>
const webhook = (): NonNullable<NoticeOptions['webhook']> => ({ url, secret: SECRET.toString('base64') })

describe('a webhook', () => {
  test('is told of a request at once, signed, and with nothing to decide with', async () => {
    const { gateway } = await start({ webhook: webhook() })
    await knock('Kitchen \u202e phone')
    await until(() => received.length === 1)
    expect(notice(0)).toMatchObject({
      type: 'latchkey.notice',
      gatewayId: gateway.id,
      requestCount: 1,
      requests: [{ displayName: 'Kitchen phone', from: '127.0.0.1', reason: 'not-paired' }],
      grantCount: 0,
    })
    const { headers, body } = received[0] ?? { headers: {}, body: '' }
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
    const signature = createHmac('sha256', SECRET).update(signed).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
    expect(body).not.toMatch(/digest|approve|token|code/i)
  })

  test('is told of silent grants, unless that is switched off', async () => {
    await start({ webhook: webhook() })
    await admittedAs(String(running?.url), createDeviceIdentity(), { scopes: ['operator.write'] })
    await until(() => received.length === 1)
    expect(notice(0)).toMatchObject({ grants: [{ via: 'silent', scopes: ['operator.write'] }] })
    await running?.close()
    await start({ webhook: webhook(), silentGrants: false })
    await admittedAs(String(running?.url), createDeviceIdentity())
    await knock('phone')
    await until(() => received.length === 2)
    expect(notice(1)).toMatchObject({ grantCount: 0, requestCount: 1 })
  })

  test('gets one message for all that happens in a window, also when the gateway is closed in it', async () => {
    await start({ webhook: webhook(), windowMs: 86_400_000 })
    await knock('first')
    await until(() => received.length === 1)
    for (let n = 0; n < 15; n += 1) await knock(`late ${n}`)
    expect(received).toHaveLength(1)
    await running?.close()
    running = null
    expect(received).toHaveLength(2)
    expect(notice(1)).toMatchObject({ requestCount: 15 })
    expect(notice(1).requests).toHaveLength(10)
  })

  test('that answers with an error is tried three times with the same id, and holds up nothing', async () => {
    status = 500
    await start({ webhook: webhook() })
    await knock('phone')
    const { client } = await admittedAs(String(running?.url), createDeviceIdentity())
    expect((await client.request('health')).ok).toBe(true)
    client.close()
    await until(() => received.length === 3)
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  test('that redirects is not followed', async () => {
    status = 302
    await start({ webhook: webhook() })
    await knock('phone')
    await until(() => received.length === 3)
    expect(received.every(({ body }) => body !== '')).toBe(true)
  })
})

describe('a command', () => {
  test('gets the notice on its standard input, and no shell sees what a stranger wrote', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-notice-'))
    const out = path.join(folder, 'out.json')
    const program = path.join(folder, 'hook')
    writeFileSync(
      program,
      `#!/bin/sh\nprintf '%s\\n' "$@" > "${out}.args"\nenv > "${out}.env"\ncat > "${out}.part"\nmv "${out}.part" "${out}"\n`,
    )
    chmodSync(program, 0o755)
    process.env.LATCHKEY_NOTIFY_SECRET = 'of-the-webhook'
    await start({ command: [program, 'one argument'] })
    await knock('$(touch /tmp/latchkey-owned) `id` "; rm -rf /')
    await until(() => existsSync(out))
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ requestCount: 1 })
    expect(readFileSync(`${out}.args`, 'utf8')).toBe('one argument\n')
    const seen = readFileSync(`${out}.env`, 'utf8')
    expect(seen).toContain(`LATCHKEY_HOME=${process.env.LATCHKEY_HOME}`)
    expect(seen).not.toContain('of-the-webhook')
    delete process.env.LATCHKEY_NOTIFY_SECRET
    expect(existsSync('/tmp/latchkey-owned')).toBe(false)
    rmSync(folder, { recursive: true })
  })

  test.each([['/does/not/exist'], ['false'], ['true']])(
    '%s that cannot be told harms nobody',
    async (program) => {
      await start({ command: [program] })
      await knock('phone')
      const { client } = await admittedAs(String(running?.url), createDeviceIdentity())
      expect((await client.request('health')).ok).toBe(true)
      client.close()
    },
  )
})

test.each<[object, RegExp]>([
  [{ webhok: {} }, /did you mean webhook/],
  [{ windowMs: 5 }, /notices\.windowMs: expected milliseconds from 1000/],
  [{ webhook: { url: 'ftp://x', secret: 'x' } }, /notices\.webhook\.url: expected an http or https URL/],
  [{ webhook: { url: 'https://u:p@x', secret: 'x' } }, /without a name and password/],
  [{ webhook: { url: 'https://x', secret: 'short' } }, /at least 24 bytes/],
  [{ command: [] }, /a program and its arguments/],
  [{ command: 'notify-send x' }, /a program and its arguments/],
  [{ silentGrants: 'no' }, /expected true or false/],
])('%j is refused', async (notices, message) => {
  const options = { store: memoryStore(), notices: notices as NoticeOptions }
  await expect(createGateway(options)).rejects.toThrow(message)
})
