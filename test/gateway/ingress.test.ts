import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { callGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, markIngress, memoryStore, type Gateway } from '../../lib/index.ts'
import { runGateway, stop } from './running-gateway.ts'

const nobody = {
  name: 'none',
  lookup: () => Promise.resolve({ status: 'unproven' as const }),
  close: () => Promise.resolve(),
}

let folder: string
let gateway: Gateway
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-ingress-'))
  gateway = await createGateway({ store: memoryStore(), peerLookup: nobody, localSecret: false })
  gateway.method('where', { scope: null }, ({ locality }) => locality)
})
afterEach(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true, force: true })
})

function where(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  return callGateway({ url, headers, identity: createDeviceIdentity(), method: 'where', timeoutMs: 5000 })
}

describe('a private listener', () => {
  test('makes clients local where the kernel cannot be asked', async () => {
    const file = path.join(folder, 'run', 'gateway.sock')
    const listener = await gateway.listenLocal({ path: file })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700)
    const url = `ws+unix:${file}:/gateway`
    expect(await where(url)).toMatchObject({
      isLocal: true,
      assurance: 'private-listener',
      silent: true,
      clientAddress: null,
    })
    await expect(where(url, { 'X-Forwarded-For': '127.0.0.1' })).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    await expect(where(url, { Host: 'gateway.example' })).rejects.toMatchObject({ code: 'NOT_PAIRED' })
    await listener.close()
    expect(existsSync(file)).toBe(false)
  })

  test('ends with the gateway', async () => {
    const file = path.join(folder, 'gateway.sock')
    await gateway.listenLocal({ path: file })
    await gateway.close()
    expect(existsSync(file)).toBe(false)
  })

  test('takes the place of what a crashed process left, and of nothing else', async () => {
    const file = path.join(folder, 'gateway.sock')
    const crashed = createTcpServer()
    await new Promise<void>((resolve) => crashed.listen(file, resolve))
    await expect(gateway.listenLocal({ path: file })).rejects.toMatchObject({ code: 'SOCKET_IN_USE' })
    // A socket without a listener: rename it away before the server would remove it.
    renameSync(file, `${file}.old`)
    await new Promise((resolve) => crashed.close(resolve))
    renameSync(`${file}.old`, file)
    await gateway.listenLocal({ path: file })
    expect(await where(`ws+unix:${file}:/gateway`)).toMatchObject({ assurance: 'private-listener' })
    const other = path.join(folder, 'notes')
    writeFileSync(other, 'mine')
    await expect(gateway.listenLocal({ path: other })).rejects.toMatchObject({ code: 'SOCKET_IN_USE' })
  })

  test.each<[string, (base: string) => string]>([
    [
      'a folder that others may enter',
      (base) => {
        mkdirSync(`${base}/o`)
        chmodSync(`${base}/o`, 0o755)
        return `${base}/o/s`
      },
    ],
    [
      'a folder that is a link',
      (base) => {
        mkdirSync(`${base}/p`, { mode: 0o700 })
        symlinkSync(`${base}/p`, `${base}/l`)
        return `${base}/l/s`
      },
    ],
  ])('is refused in %s', async (_title, make) => {
    await expect(gateway.listenLocal({ path: make(folder) })).rejects.toMatchObject({ code: 'FOLDER_UNSAFE' })
  })

  test.each(['relative/path', '', `/${'x'.repeat(200)}`])('is refused at the path %j', async (file) => {
    await expect(gateway.listenLocal({ path: file })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

test("an app's own Unix socket is never local: nginx may be pointed at it", async () => {
  const file = path.join(folder, 'app.sock')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(file, resolve))
  gateway.attach(server, { path: '/gateway' })
  await expect(where(`ws+unix:${file}:/gateway`)).rejects.toMatchObject({
    details: { locality: { reason: 'peer-unknown' } },
  })
  await stop(server)
})

describe('the mark of a listener', () => {
  test('public: nobody is local on it', async () => {
    const running = await runGateway({ localSecret: false })
    markIngress(running.server, 'public')
    await expect(where(running.url)).rejects.toMatchObject({
      details: { locality: { reason: 'public-listener' } },
    })
    await running.close()
  })

  test('local: raises what the kernel proves, and replaces nothing', async () => {
    const running = await runGateway({ localSecret: false })
    running.gateway.method('where', { scope: null }, ({ locality }) => locality)
    markIngress(running.server, 'local')
    expect(await where(running.url)).toMatchObject({ assurance: 'private-listener' })
    running.peer.status = 'unproven'
    await expect(where(running.url)).rejects.toMatchObject({
      details: { locality: { reason: 'peer-unproven' } },
    })
    await running.close()
  })

  test.each<[string, () => unknown]>([
    ['something else', () => markIngress({} as never, 'local')],
    ['another mark', () => markIngress(createServer(), 'private' as never)],
  ])('is refused for %s', (_title, mark) => {
    expect(mark).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('local is refused for a server that listens on more than loopback', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    expect(() => markIngress(server, 'local')).toThrow(/listens on 0\.0\.0\.0/)
    await stop(server)
  })
})
