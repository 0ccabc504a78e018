import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { runCli, scratchFolder, serve, type CliResult, type Served } from './cli-process.ts'

const FAR = ['--header', 'X-Forwarded-For: 203.0.113.7']

let folder: ReturnType<typeof scratchFolder>
let gateway: Served
beforeAll(async () => {
  folder = scratchFolder()
  gateway = await serve(folder.path)
})
afterAll(async () => {
  expect(await gateway.stop()).toBe(0)
  folder.remove()
})

function cli(...args: string[]): Promise<CliResult> {
  return runCli([...args, '--url', gateway.url, '--home', path.join(folder.path, 'home')])
}

async function json(...args: string[]): Promise<unknown> {
  return JSON.parse((await cli(...args, '--json')).stdout) as unknown
}

type Pending = {
  requestId: string
  digest: string
  scopes: string[]
  reason: string
  locality: { reason: string }
}

describe('the command line against a gateway of its own', () => {
  test('is paired silently, and widened silently', async () => {
    expect(await json('call', 'health', '--scope', 'operator.read')).toMatchObject({ ok: true })
    expect(await json('call', 'health', '--scope', 'operator.admin')).toMatchObject({ ok: true })
    expect(await json('call', 'health', '--role', 'node')).toMatchObject({ ok: true })
    expect(await json('requests')).toEqual([])
    expect((await cli('requests')).stdout).toBe('Nobody is waiting.\n')
  })

  test('serves upgrades on / too', async () => {
    const result = await runCli([
      'call',
      'health',
      '--url',
      gateway.url.replace('/gateway', '/'),
      '--home',
      path.join(folder.path, 'home'),
    ])
    expect(result).toMatchObject({ code: 0, stderr: '' })
  })

  test('a caller that looks remote is refused, listed, approved by id and digest, and let in', async () => {
    const identity = ['--identity', path.join(folder.path, 'far.json')]
    const refused = await cli('call', 'health', ...FAR, ...identity)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toMatch(/pairing required/)
    expect(refused.stderr).toMatch(/Not seen as local: forwarding-untrusted/)
    expect(refused.stderr).toMatch(/Do not strip forwarding headers/)
    expect(gateway.output()).toMatch(/waits for your approval/)

    const [request] = (await json('requests')) as Pending[]
    expect(request).toMatchObject({ reason: 'not-paired', locality: { reason: 'forwarding-untrusted' } })
    const { requestId = '', digest = '' } = request ?? {}
    const listing = (await cli('requests')).stdout
    expect(listing).toContain(`latchkey approve ${requestId} --digest ${digest}`)
    expect(listing).toContain('adds      the role operator with operator.read, operator.write')

    const noDigest = await cli('approve', requestId)
    expect(noDigest.code).toBe(1)
    expect(noDigest.stderr).toContain(`latchkey approve ${requestId} --digest ${digest}`)
    const wrongDigest = await cli('approve', requestId, '--digest', 'f'.repeat(64))
    expect(wrongDigest.code).toBe(6)
    expect((await cli('call', 'health', ...FAR, ...identity)).code).toBe(3)

    expect((await cli('approve', requestId, '--digest', digest)).stdout).toMatch(
      /^Approved\..*operator\.read, operator\.write/,
    )
    expect(await json('call', 'health', ...FAR, ...identity)).toMatchObject({ ok: true })
    const devices = (await cli('devices')).stdout
    expect(devices).toMatch(/^KEY +NAME +ROLES +APPROVED +ENDS +TOKENS +SEEN\n/)
    expect(devices).toMatch(/owner \d+ s/)
  })

  test('the request that was shown cannot be swapped: the old id is refused with what the new one adds', async () => {
    const identity = ['--identity', path.join(folder.path, 'swap.json')]
    await cli('call', 'health', '--scope', 'operator.read', ...FAR, ...identity)
    const [shown] = (await json('requests')) as Pending[]
    await cli('call', 'health', '--scope', 'operator.admin', ...FAR, ...identity)
    const result = await cli('approve', shown?.requestId ?? '', '--digest', shown?.digest ?? '')
    expect(result.code).toBe(6)
    expect(result.stderr).toMatch(/adds: \["operator\.admin"\]/)
    const [now] = (await json('requests')) as Pending[]
    expect((await cli('reject', now?.requestId ?? '')).stdout).toBe('Rejected.\n')
    expect(await json('requests')).toEqual([])
  })

  test('a scope of an app that nobody defined can be granted by the owner on the host', async () => {
    const identity = ['--identity', path.join(folder.path, 'photos.json')]
    await cli('call', 'health', '--scope', 'photos.read', ...FAR, ...identity)
    const [request] = (await json('requests')) as Pending[]
    expect((await cli('approve', request?.requestId ?? '', '--digest', request?.digest ?? '')).code).toBe(0)
  })

  test('errors as JSON carry the code', async () => {
    const result = await cli('call', 'no.such.method', '--json')
    expect(result.code).toBe(1)
    expect(JSON.parse(result.stdout)).toMatchObject({
      error: { code: 'INVALID_REQUEST', message: expect.stringMatching(/unknown method/) },
    })
  })

  test('keeps its keys in files of mode 0600, one for the owner and one for callers', () => {
    for (const name of ['owner.json', 'caller.json']) {
      expect(statSync(path.join(folder.path, 'home', name)).mode & 0o777).toBe(0o600)
    }
    expect(statSync(path.join(folder.path, 'state')).mode & 0o777).toBe(0o700)
  })

  test('eight calls with a new key at the same time use one key', async () => {
    const file = path.join(folder.path, 'parallel', 'key.json')
    const before = (await json('devices')) as unknown[]
    const calls = await Promise.all(
      Array.from({ length: 8 }, () => cli('call', 'health', '--identity', file)),
    )
    expect(calls.map((call) => call.code)).toEqual(calls.map(() => 0))
    expect((await json('devices')) as unknown[]).toHaveLength(before.length + 1)
  })
})

describe('what is wrong is said', () => {
  test.each<[string, string[], number, RegExp]>([
    [
      'no gateway',
      ['call', 'health', '--url', 'ws://127.0.0.1:9/gateway'],
      5,
      /cannot be reached.*Is the gateway running/,
    ],
    ['no WebSocket there', ['call', 'health', '--url', 'http://127.0.0.1:9'], 5, /cannot be reached/],
    ['no URL', ['call', 'health', '--url', 'nonsense'], 5, /cannot be reached/],
    ['an unknown command', ['aprove'], 2, /Did you mean approve/],
    ['an unknown option', ['requests', '--jsn'], 2, /Did you mean --json/],
    ['no JSON', ['call', 'health', '{x'], 2, /Expected JSON/],
    ['no header', ['call', 'health', '--header', 'x'], 2, /Expected a header/],
    ['a strange port', ['serve', '--port', '99999'], 2, /0 to 65535/],
    [
      'a trust list that trusts all',
      ['serve', '--port', '0', '--trust-proxy', '0.0.0.0/0'],
      1,
      /too much of the internet/,
    ],
  ])('%s', async (_title, args, code, message) => {
    const home = scratchFolder()
    const result = await runCli([...args, '--home', home.path], {
      LATCHKEY_STATE_DIR: path.join(home.path, 'state'),
    })
    home.remove()
    expect([result.code, result.stderr]).toEqual([code, expect.stringMatching(message)])
  })

  test('a corrupt store stops the start, is named, and is left as it is', async () => {
    const home = scratchFolder()
    const state = scratchFolder()
    const file = path.join(state.path, 'latchkey.db')
    writeFileSync(file, 'this is not a database, but somebody may want it back')
    const result = await runCli(['serve', '--port', '0', '--state-dir', state.path])
    expect(result.code).toBe(1)
    expect(result.stderr).toContain(file)
    expect(readFileSync(file, 'utf8')).toBe('this is not a database, but somebody may want it back')
    expect(existsSync(`${file}-wal`)).toBe(false)
    home.remove()
    state.remove()
  })

  test('a port in use', async () => {
    const result = await runCli([
      'serve',
      '--port',
      String(gateway.port),
      '--state-dir',
      path.join(folder.path, 'second'),
    ])
    expect([result.code, result.stderr]).toEqual([1, expect.stringMatching(/cannot listen on 127\.0\.0\.1/)])
  })

  test('a file that is no identity is left as it is', async () => {
    const file = path.join(folder.path, 'notes.json')
    writeFileSync(file, '{"my":"notes"}')
    const result = await cli('call', 'health', '--identity', file)
    expect([result.code, result.stderr]).toEqual([1, expect.stringMatching(/is not a device identity/)])
    expect(readFileSync(file, 'utf8')).toBe('{"my":"notes"}')
  })

  test('help names the commands and the exit codes', async () => {
    const { stdout, code } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const word of ['serve', 'requests', 'devices', 'approve', 'reject', 'call', 'Exit codes'])
      expect(stdout).toContain(word)
  })
})
