import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { proxyRecords } from '../corpus/corpus.ts'
import { runCli, scratchFolder, type CliResult } from './cli-process.ts'

const UTF8 = { LC_ALL: 'C.UTF-8' }
const RECORD = {
  remoteAddress: '127.0.0.1',
  rawHeaders: ['Host', 'localhost:1'],
  peer: { status: 'same-user' },
}

let folder: ReturnType<typeof scratchFolder>
beforeAll(() => {
  folder = scratchFolder()
})
afterAll(() => {
  folder.remove()
})

function explain(...args: string[]): Promise<CliResult> {
  return runCli(['explain', ...args], UTF8)
}

async function verdict(...args: string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await explain(...args, '--json')).stdout) as Record<string, unknown>
}

function recorded(name: string, content: unknown): string {
  const file = path.join(folder.path, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

describe('a request made of flags', () => {
  test.each<[string, string[], object]>([
    ['of the kernel nothing is assumed', [], { isLocal: false, reason: 'peer-unproven' }],
    ['a tool of ours', ['--kernel', 'same-user'], { isLocal: true, kind: 'direct', silent: true }],
    ['another peer', ['--peer', '192.0.2.1'], { reason: 'peer-not-loopback', clientAddress: '192.0.2.1' }],
    ['no address at all', ['--peer', 'nonsense'], { reason: 'peer-unknown' }],
    ['a Unix socket', ['--transport', 'unix'], { reason: 'peer-unknown' }],
    ['a private listener', ['--transport', 'private'], { isLocal: true, assurance: 'private-listener' }],
    ['a public listener', ['--listener', 'public'], { reason: 'public-listener' }],
    ['a proxy', ['--header', 'X-Forwarded-For: 1.2.3.4'], { reason: 'forwarding-untrusted' }],
    ['an empty header', ['--header', 'X-Forwarded-For:'], { reason: 'forwarding-untrusted' }],
    [
      'a trusted proxy',
      ['--header', 'X-Forwarded-For: 1.2.3.4', '--trust-proxy', 'loopback'],
      { reason: 'hop-untrusted', clientAddress: '1.2.3.4' },
    ],
    [
      'another header of the proxy',
      ['--header', 'Forwarded: for=1.2.3.4', '--trust-proxy', 'loopback', '--forwarded-by', 'forwarded'],
      { reason: 'hop-untrusted', clientAddress: '1.2.3.4' },
    ],
    ['another Host', ['--host', 'example.com'], { reason: 'host-not-local' }],
    ['... that is ours', ['--host', 'a.test', '--own-host', 'a.test', '--kernel', 'same-user'], { isLocal: true }],
    ['Host as a header', ['--header', 'Host: example.com'], { reason: 'host-not-local' }],
    ['two Hosts', ['--host', 'localhost', '--header', 'Host: localhost'], { reason: 'host-duplicate' }],
    ['no Host', ['--no-host'], { reason: 'host-missing' }],
    ['another target', ['--url', 'http://example.com/'], { reason: 'target-mismatch' }],
    ['... by its own name', ['--target', 'http://example.com/'], { reason: 'target-mismatch' }],
    ['a relay', ['--kernel', 'relay', '--process', 'x'], { reason: 'peer-relay' }],
    ['another user', ['--process', 'nginx', '--uid', '65533'], { reason: 'peer-other-user' }],
    ['taint', ['--kernel', 'same-user', '--tainted'], { reason: 'proxy-seen' }],
    ['the proof', ['--kernel', 'outbound', '--local-secret'], { isLocal: true, assurance: 'local-secret' }],
    ['headers alone', ['--dangerously-trust-headers'], { isLocal: true, assurance: 'headers' }],
    [
      'a page of elsewhere',
      ['--kernel', 'same-user', '--header', 'Origin: https://app.example', '--allowed-origin', 'https://app.example', '--upgrade'],
      { isLocal: true, silent: false },
    ],
  ])('%s', async (_title, args, expected) => {
    expect(await verdict(...args)).toMatchObject(expected)
  }) // prettier-ignore

  test('is told rule by rule, with the lines for the proxy', async () => {
    const { stdout, code } = await explain('--kernel', 'relay', '--process', 'nginx', '--host', '127.0.0.1:4747')
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines.slice(0, 10).map((line) => line.slice(0, 4))).toEqual([
      ...['✓  1', '✓  2', '✓  3', '✓  4', '✓  5', '✓  6', '–  7', '✓  8', '✗  9', '– 10'],
    ])
    expect(lines[8]).toMatch(/the process is one of ours {2}peer-relay: relay, nginx$/)
    expect(stdout).toMatch(/^Not local: rule 9 decided, peer-relay; its address is 127\.0\.0\.1\. The client$/m)
    expect(stdout).toContain('\n  proxy_set_header X-Forwarded-For $remote_addr;\n'.slice(1).trimEnd())
    expect(stdout).toMatch(/Do not strip forwarding headers and do\s+not rewrite Host to localhost/)
    expect(stdout).not.toMatch(/option forwardfor|\u001b/)
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  }) // prettier-ignore

  test('without a proxy that is known, the lines for all', async () => {
    const { stdout } = await explain('--header', 'X-Forwarded-For: 1.2.3.4')
    for (const title of ['nginx', 'Caddy', 'HAProxy', 'Apache', 'Tailscale Serve', 'Docker'])
      expect(stdout).toMatch(new RegExp(`^${title}$`, 'm'))
  })

  test('in ASCII where the locale is not UTF-8, and without colour', async () => {
    const { stdout } = await runCli(['explain'], { LC_ALL: 'C' })
    expect(stdout).toMatch(/^[\x20-\x7e\n]+$/)
    expect(stdout).toMatch(/^x {2}9 /m)
  })

  test('what a client sent cannot move the cursor', async () => {
    const { stdout } = await explain('--header', 'Via: \u001b[2J\u202e', '--host', 'a\u001b[2J')
    expect(stdout).not.toMatch(/\u001b|\u202e/)
  })
})

describe('a recorded request', () => {
  test('facts as they are', async () => {
    expect(await verdict('--file', recorded('one.json', RECORD))).toMatchObject({ isLocal: true, silent: true })
  }) // prettier-ignore

  test('a line of a log of a real proxy', async () => {
    const at = proxyRecords.findIndex((record) => record.proxy.startsWith('haproxy'))
    const log = recorded('log.jsonl', proxyRecords.map((record) => JSON.stringify(record)).join('\n'))
    const { stdout, stderr } = await explain('--file', log, '--line', String(at + 1))
    expect(stdout).toMatch(/Not local: rule \d+ decided/)
    expect(stderr).toMatch(/^Not read, because it says nothing about locality: proxy, config/)
  })

  test('the standard input', async () => {
    const result = await new Promise<string>((resolve) => {
      const main = path.resolve(import.meta.dirname, '../../dist/cli/main.js')
      const child = execFile(process.execPath, [main, 'explain', '--file', '-', '--json'], (_error, stdout) => {
        resolve(stdout)
      })
      child.stdin?.end(JSON.stringify(RECORD))
    })
    expect(JSON.parse(result)).toMatchObject({ isLocal: true })
  }) // prettier-ignore

  test.each<[string, unknown, RegExp]>([
    ['nothing', '', /holds no request/],
    ['no JSON', '{"a":', /line 1: not JSON/],
    ['no JSON with controls', '\u001b[2J{', /line 1: not JSON: .\[2J/],
    ['two', [RECORD, RECORD], /holds 2 requests; say which: --line 1/],
    ['an empty list', [], /holds no request/],
    ['a number', 5, /request: got 5, expected an object/],
    ['null', 'null', /request: got null/],
    ['no address', { rawHeaders: [] }, /remoteAddress: got nothing/],
    ['a numeric address', { ...RECORD, remoteAddress: 1 }, /remoteAddress: got 1/],
    ['no headers', { remoteAddress: null }, /rawHeaders: got nothing, expected a list/],
    ['a bad verdict of the kernel', { ...RECORD, peer: { status: 'root' } }, /peer\.status: got "root"/],
  ])('%s', async (_title, content, message) => {
    const { code, stderr, stdout } = await explain('--file', recorded('bad.json', content))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('\u001b')
  })

  test('a missing file, and a line beyond the end', async () => {
    expect((await explain('--file', path.join(folder.path, 'none'))).stderr).toMatch(/cannot be read: ENOENT/)
    const file = recorded('one.json', RECORD)
    expect((await explain('--file', file, '--line', '2')).stderr).toMatch(/--line 2: .* holds 1 of them/)
  })
})

describe('what cannot be meant is said', () => {
  test.each<[string[], number, RegExp]>([
    [['--peer', '::1', '--file', 'x'], 2, /--peer cannot stand beside --file/],
    [['--trust-proxy', 'loopback', '--connection', 'x'], 2, /--trust-proxy cannot stand beside --connection/],
    [['--file', 'x', '--connection', 'x'], 2, /--file cannot stand beside --connection/],
    [['--line', '1'], 2, /--line needs --file/],
    [['--line', '0'], 2, /a number from 1/],
    [['--process', 'x'], 2, /need each other/],
    [['--uid', '-1'], 2, /numeric user id|argument missing/],
    [['--kernel', 'root'], 2, /Allowed choices are same-user/],
    [['--listener', 'x'], 2, /Allowed choices are public, local/],
    [['--transport', 'udp'], 2, /Allowed choices/],
    [['--header', 'x'], 2, /Expected a header/],
    [['--http-version', '3'], 1, /httpVersion: got "3"/],
    [['--trust-proxy', '0.0.0.0/0'], 1, /trusts too much/],
    [['--forwarded-by', 'via'], 1, /forwardedBy: got "via"/],
    [['--allowed-origin', 'x'], 1, /allowedOrigins: got "x"/],
    [['--own-host', 'a b'], 1, /hosts: got "a b"/],
  ])('%j', async (args, code, message) => {
    const result = await explain(...args)
    expect([result.code, result.stdout, result.stderr]).toEqual([code, '', expect.stringMatching(message)])
  })
})

describe('a connection of a running gateway', () => {
  let running: RunningGateway
  beforeAll(async () => {
    running = await runGateway()
  })
  afterAll(() => running.close())

  test('is explained by the gateway', async () => {
    const connection = await connectGateway({ url: running.url, identity: createDeviceIdentity() })
    if (!connection.hello.features.methods.includes('locality.explain')) {
      running.gateway.method('locality.explain', { scope: 'operator.admin' }, ({ locality }) => ({ verdict: locality }))
    }
    const { connId } = connection.hello.server
    const home = path.join(folder.path, 'home')
    const args = ['--connection', connId, '--url', running.url, '--home', home]
    expect(await verdict(...args)).toMatchObject({ isLocal: true, trace: expect.any(Array) as unknown })
    expect((await explain(...args)).stdout).toMatch(/^Local, nobody in between/m)
    connection.close()
  }) // prettier-ignore

  test('no gateway', async () => {
    const result = await explain('--connection', 'x', '--url', 'ws://127.0.0.1:9/gateway')
    expect([result.code, result.stderr]).toEqual([5, expect.stringMatching(/cannot be reached/)])
  })
})
