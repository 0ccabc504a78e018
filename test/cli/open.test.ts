import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { fileURLToPath } from 'node:url'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { runCli } from './cli-process.ts'
import { cliInPty } from './pty.ts'
import { servedGateway, type ServedGateway } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

let gateway: ServedGateway
beforeAll(async () => {
  gateway = await servedGateway()
})
afterAll(() => gateway.stop())

const LINK = /^http:\/\/127\.0\.0\.1:\d+\/gateway\/console#invite=([\w-]+)$/

test('--print prints a link that lets one browser in as the owner', async () => {
  const link = (await gateway.cli('open', '--print')).stdout.trim()
  const [, bootstrapToken = ''] = LINK.exec(link) ?? []
  const headers = { 'X-Forwarded-For': '203.0.113.7' }
  const ask = { url: gateway.served.url, scopes: ['operator.admin'], headers, auth: { bootstrapToken } }
  const first = await connectGateway({ ...ask, identity: createDeviceIdentity() })
  first.close()
  await expect(connectGateway({ ...ask, identity: createDeviceIdentity() })).rejects.toThrow(
    /unknown, used or over/,
  )
})

test.each([
  'wss://gateway.example/gateway',
  'ws://10.0.0.5:4747/gateway',
  'ws://localhost.example/gateway',
  'ws+unix:/x:/gateway',
])('refuses %s', async (url) => {
  const result = await runCli(['open', '--print', '--url', url, '--home', gateway.home])
  expect([result.code, result.stderr]).toEqual([1, expect.stringMatching(/is not on this machine/)])
})

test('without a screen the link is printed', async () => {
  const result = await runCli(['open', ...gateway.options], { DISPLAY: '', WAYLAND_DISPLAY: '' })
  expect(result.stdout.trim()).toMatch(LINK)
})

test('the browser gets a file that nobody else can read, and no secret among its arguments', async () => {
  // In place of a browser: keeps its argument and what the file says, as long as that is there.
  const seen = path.join(gateway.folder, 'seen')
  const program = path.join(gateway.folder, 'xdg-open')
  writeFileSync(
    program,
    `#!/bin/sh\nfile="\${1#file://}"\nstat -c %a "$file" > '${seen}.mode'\ncp "$file" '${seen}.html'\nprintf %s "$1" > '${seen}'\n`,
  )
  chmodSync(program, 0o755)
  const PATH = `${gateway.folder}:${process.env.PATH ?? ''}`
  const terminal = cliInPty(['open', ...gateway.options], { PATH, DISPLAY: ':99' })
  await terminal.until(/Opening the console in your browser/)
  while (!existsSync(seen)) await new Promise((resolve) => setTimeout(resolve, 10))
  const url = readFileSync(seen, 'utf8')
  const [, link = ''] = /location\.replace\("(.*)"\)/.exec(readFileSync(`${seen}.html`, 'utf8')) ?? []
  const [, bootstrapToken = ''] = LINK.exec(link) ?? []
  expect(bootstrapToken).not.toBe('')
  expect(url).toMatch(/^file:/)
  expect(url).not.toContain(bootstrapToken)
  expect(readFileSync(`${seen}.mode`, 'utf8').trim()).toBe('600')

  const connection = await connectGateway({
    url: gateway.served.url,
    identity: createDeviceIdentity(),
    scopes: ['operator.admin'],
    auth: { bootstrapToken },
  })
  connection.close()
  expect(await terminal.exited).toBe(0)
  expect(terminal.output()).toMatch(/A browser was let in: key/)
  expect(existsSync(fileURLToPath(url))).toBe(false)
  expect(readdirSync(gateway.home).filter((name) => name.startsWith('open-'))).toEqual([])
})

test('a browser that cannot be started is said, and Ctrl-C leaves no file', async () => {
  const program = path.join(gateway.folder, 'xdg-open')
  const env = { PATH: `${gateway.folder}:${process.env.PATH ?? ''}`, DISPLAY: ':99' }
  writeFileSync(program, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
  const failed = cliInPty(['open', ...gateway.options], env)
  expect(await failed.exited).toBe(1)
  expect(failed.output()).toMatch(/no browser can be started \(xdg-open ended with 3\)/)

  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const waiting = cliInPty(['open', ...gateway.options], env)
  await waiting.until(/Opening the console/)
  waiting.type('\u0003')
  expect(await waiting.exited).toBe(130)
  expect(readdirSync(gateway.home).filter((name) => name.startsWith('open-'))).toEqual([])
})
