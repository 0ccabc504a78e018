import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { runCli } from '../cli/cli-process.ts'
import { appFolder, startApp, type AppProcess } from './app-process.ts'
import { runTool } from './tool-process.ts'

// Dozens of processes are started.
jest.setTimeout(180_000)

let folder: ReturnType<typeof appFolder>
let app: AppProcess
beforeEach(async () => {
  folder = appFolder()
  app = await startApp({ folder: folder.path, locality: { trustProxy: ['loopback'] } })
})
let endClient: () => void = () => undefined
afterEach(async () => {
  endClient()
  await app.stop()
  folder.remove()
})

test('a local connection outlives what the owner approves, ends with 4001 when revoked, and is told why', async () => {
  const identityFile = path.join(folder.path, 'device.json')
  const program = path.join(import.meta.dirname, 'children/stay-connected.ts')
  const args = ['--experimental-strip-types', '--no-warnings', program, app.url, identityFile]
  const client = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env },
  })
  endClient = () => client.kill('SIGKILL')
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value)) as unknown
  const ask = (method: string): Promise<unknown> => {
    client.stdin.write(`${method}\n`)
    return next()
  }
  const cli = async (...command: string[]): Promise<string> => {
    const ran = await runCli([...command, '--url', app.url, '--home', path.join(folder.path, 'owner')])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    return ran.stdout
  }
  const call = (method: string, params: object): Promise<string> =>
    cli('call', method, JSON.stringify(params), '--scope', 'operator.admin')
  const whoami = ['answer', expect.objectContaining({ scopes: ['operator.read'], silent: true })]

  const [, hello] = (await next()) as [string, { deviceId: string; hasToken: boolean }]
  const { deviceId } = hello
  expect(hello.hasToken).toBe(true)
  expect(await ask('whoami')).toEqual(whoami)

  // The same device asks for more from elsewhere, and gets it; it is renamed; its token is to be replaced.
  const headers = { 'X-Forwarded-For': '203.0.113.7' }
  const wider = { scopes: ['operator.read', 'operator.write'], method: 'whoami', headers }
  const refused = await runTool({ url: app.url, identityFile, calls: [wider] })
  expect(refused.outcomes).toMatchObject([{ code: 'NOT_PAIRED', details: { reason: 'remote-use' } }])
  const { requestId, digest } = refused.outcomes[0]?.ok === false ? refused.outcomes[0].details : {}
  await cli('approve', String(requestId), '--digest', String(digest))
  expect(await ask('whoami')).toEqual(whoami)
  await call('device.pair.rename', { deviceId, label: 'kitchen' })
  await call('device.token.rotate', { deviceId, role: 'operator' })
  expect(await ask('notes.list')).toEqual(['answer', ['water the plants']])

  await call('device.token.revoke', { deviceId, role: 'operator' })
  expect(await next()).toEqual(['closed', { code: 4001, reason: 'token revoked' }])
  expect(await next()).toEqual([
    'with its token',
    expect.objectContaining({
      code: 'INVALID_REQUEST',
      message: 'unauthorized: device token was revoked',
      details: expect.objectContaining({
        code: 'AUTH_DEVICE_TOKEN_MISMATCH',
        authReason: 'device_token_revoked',
      }),
    }),
  ])
  // What the owner had approved has gone with it ...
  expect(await next()).toEqual([
    'from elsewhere',
    expect.objectContaining({
      code: 'NOT_PAIRED',
      details: expect.objectContaining({ reason: 'not-paired' }),
    }),
  ])
  // ... and a resident that comes with its key alone is a new local client.
  expect(await next()).toEqual(['from here', 'connected'])
})
