import { createServer, type RequestListener, type Server } from 'node:http'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { checkFiles } from '../../../lib/cli/doctor/check-files.ts'
import { checkListeners } from '../../../lib/cli/doctor/check-listeners.ts'
import { checkNode } from '../../../lib/cli/doctor/check-node.ts'
import { checkOwnCall, checkPlainRequest } from '../../../lib/cli/doctor/check-own-call.ts'
import { checkPublicUrl, shownUrl } from '../../../lib/cli/doctor/check-public-url.ts'
import { checkTrust } from '../../../lib/cli/doctor/check-trust.ts'
import { describeFindings } from '../../../lib/cli/doctor/describe-findings.ts'
import { red } from '../../../lib/cli/doctor/finding.ts'
import { readGatewayReport } from '../../../lib/cli/doctor/gateway-report.ts'
import { askWhoami, readWhoami } from '../../../lib/cli/doctor/whoami.ts'
import { terminalOf } from '../../../lib/cli/terminal.ts'
import { listen, stop } from '../../gateway/running-gateway.ts'

const clean: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo()
})

const REPORT = {
  gatewayId: 'gw-1',
  node: '24.18.1',
  trustProxy: ['loopback'],
  forwardedBy: 'x-forwarded-for',
  assurance: 'same-user',
  listeners: [{ address: '127.0.0.1', family: 'IPv4', port: 4747 }],
  secretFile: null,
  taint: null,
}

test.each<[string, string]>([
  ['20.19.0', 'red'],
  ['22.13.9', 'red'],
  ['22.14.0', 'yellow'],
  ['22.23.1', 'yellow'],
  ['22.23.2', 'green'],
  ['22.24.0', 'green'],
  ['23.99.9', 'yellow'],
  ['24.18.0', 'yellow'],
  ['v24.18.1', 'green'],
  ['25.9.0', 'yellow'],
  ['26.5.0', 'yellow'],
  ['26.5.1', 'green'],
  ['27.0.0', 'green'],
  ['', 'yellow'],
  ['latest', 'yellow'],
])('Node %s is %s', (version, level) => {
  expect(checkNode(version, 'it').level).toBe(level)
})

describe('the trust list, the assurance and the taint', () => {
  test.each<[string, object, boolean, string[]]>([
    ['as it should be', {}, true, ['green', 'green', 'green']],
    ['no proxy', { trustProxy: [] }, false, ['green', 'green', 'green']],
    ['a proxy that nobody named', { trustProxy: [] }, true, ['yellow', 'green', 'green']],
    ['text', { trustProxy: 'loopback, 10.0.0.5' }, true, ['green', 'green', 'green']],
    ['a whole network', { trustProxy: ['10.0.0.0/8'] }, true, ['yellow', 'green', 'green']],
    ['a named network', { trustProxy: ['uniquelocal'] }, true, ['yellow', 'green', 'green']],
    ['an IPv6 network', { trustProxy: ['fd00::/8'] }, true, ['yellow', 'green', 'green']],
    ['headers alone', { assurance: 'headers' }, true, ['green', 'red', 'green']],
    ['tainted', { taint: { why: 'x', sinceMs: 1 } }, true, ['green', 'green', 'yellow']],
    ['nothing said', { trustProxy: undefined, assurance: 5, taint: 'x' }, true, ['yellow', 'yellow', 'yellow']],
  ])('%s', (_title, more, hasProxies, levels) => {
    expect(checkTrust(readGatewayReport({ ...REPORT, ...more }), hasProxies).map(({ level }) => level)).toEqual(levels)
  }) // prettier-ignore

  test.each([undefined, null, 5, 'x', [], { listeners: [5, {}], trustProxy: [5], secretFile: 5 }])(
    'a report of %j is unknown, and nothing throws',
    (answer) => {
      const report = readGatewayReport(answer)
      const findings = [...checkTrust(report, true), ...checkListeners(report)]
      expect(findings.map(({ level }) => level)).toEqual(['yellow', 'yellow', 'yellow', 'yellow'])
    },
  )
})

test.each<[unknown, string, string]>([
  [{ address: '127.0.0.1', port: 1 }, 'same-user', 'green'],
  [{ address: '::1', port: 1 }, 'same-user', 'green'],
  [{ address: '0.0.0.0', port: 1 }, 'same-user', 'yellow'],
  [{ address: '::', port: 1 }, 'same-user', 'yellow'],
  [{ address: '192.0.2.1', port: 1 }, 'same-user', 'yellow'],
  [{ address: '0.0.0.0', port: 1 }, 'headers', 'red'],
  ['/run/x.sock', 'headers', 'green'],
])('a listener on %j with %s is %s', (listener, assurance, level) => {
  const report = readGatewayReport({ ...REPORT, assurance, listeners: [listener] })
  expect(checkListeners(report).map((finding) => finding.level)).toEqual([level])
})

test.each<[string, unknown, string]>([
  ['silent', { verdict: { silent: true, isLocal: true, assurance: 'local-secret' } }, 'green'],
  ['approved', { verdict: null }, 'green'],
  ['local, not silent', { verdict: { silent: false, isLocal: true } }, 'yellow'],
  ['remote', { verdict: { silent: false, isLocal: false, reason: 'peer-relay' } }, 'red'],
  ['unknown', undefined, 'yellow'],
  ['odd', { verdict: 5 }, 'yellow'],
])('the own call, %s', (_title, answer, level) => {
  expect(checkOwnCall(answer).level).toBe(level)
})

describe('modes', () => {
  function places(): { folder: string; stateDir: string; home: string; secretFile: string } {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-modes-'))
    clean.push(() => rmSync(folder, { recursive: true }))
    const [stateDir, home] = [path.join(folder, 'state'), path.join(folder, 'home')]
    for (const name of [stateDir, home, path.join(home, 'run')]) mkdirSync(name, { mode: 0o700 })
    const secretFile = path.join(home, 'run', 'x.secret')
    for (const file of [secretFile, path.join(home, 'owner.json'), path.join(stateDir, 'latchkey.db')])
      writeFileSync(file, 'DO NOT PRINT', { mode: 0o600 })
    return { folder, stateDir, home, secretFile }
  }
  function levels(given: ReturnType<typeof places>, secretFile: unknown = given.secretFile): string[] {
    const findings = checkFiles(readGatewayReport({ ...REPORT, secretFile }), given)
    expect(JSON.stringify(findings)).not.toContain('DO NOT PRINT')
    return findings.map(({ check, level }) => `${check} ${level}`)
  }
  const GOOD = ['secret file green', 'secret folder green', 'owner key green', 'state green']

  test.each<[string, (given: ReturnType<typeof places>) => void, string[]]>([
    ['ours alone', () => undefined, GOOD],
    ['a secret for the group', ({ secretFile }) => chmodSync(secretFile, 0o640), ['secret file red', ...GOOD.slice(1)]],
    ['a folder for all', ({ home }) => chmodSync(path.join(home, 'run'), 0o755), ['secret file green', 'secret folder red', ...GOOD.slice(2)]],
    ['a key for all', ({ home }) => chmodSync(path.join(home, 'owner.json'), 0o644), [...GOOD.slice(0, 2), 'owner key red', 'state green']],
    ['a store for all', ({ stateDir }) => { chmodSync(stateDir, 0o755); chmodSync(path.join(stateDir, 'latchkey.db'), 0o644) }, [...GOOD.slice(0, 3), 'state red', 'store red']],
    ['no state', ({ stateDir }) => rmSync(stateDir, { recursive: true }), [...GOOD.slice(0, 3), 'state yellow']],
    ['no secret file', ({ secretFile }) => rmSync(secretFile), ['secret file yellow', ...GOOD.slice(1)]],
    ['a link', ({ secretFile, home }) => { rmSync(secretFile); symlinkSync(path.join(home, 'owner.json'), secretFile) }, ['secret file red', ...GOOD.slice(1)]],
    ['a folder for a file', ({ secretFile }) => { rmSync(secretFile); mkdirSync(secretFile, { mode: 0o700 }) }, ['secret file red', ...GOOD.slice(1)]],
  ])('%s', (_title, change, expected) => {
    const given = places()
    change(given)
    expect(levels(given)).toEqual(expected)
  }) // prettier-ignore

  test('no secret, and a gateway that does not say', () => {
    expect(levels(places(), null)[0]).toBe('secret file yellow')
    expect(levels(places(), 5)[0]).toBe('secret file yellow')
  })
})

describe('a public address', () => {
  async function serve(listener: RequestListener): Promise<string> {
    const server: Server = createServer(listener)
    clean.push(() => stop(server))
    return `http://127.0.0.1:${await listen(server)}`
  }
  const answering =
    (answer: object, at = '/whoami'): RequestListener =>
    (request, response) => {
      const url = new URL(request.url ?? '/', 'http://x')
      response.writeHead(url.pathname === at ? 200 : 404)
      response.end(JSON.stringify({ probe: url.searchParams.get('probe'), ...answer }))
    }
  const REMOTE = {
    isLocal: false,
    kind: 'remote',
    assurance: 'none',
    clientAddress: '203.0.113.7',
    reason: 'hop-untrusted',
    gatewayId: 'gw-1',
  }
  const LOCAL = { ...REMOTE, isLocal: true, kind: 'direct', reason: 'local', clientAddress: '127.0.0.1' }
  const target = { gatewayId: 'gw-1', mount: '/gateway', ownPort: 4747 }

  test.each<[string, RequestListener, string, string, RegExp]>([
    ['from elsewhere', answering(REMOTE), 'green', 'clean', /arrives from 203\.0\.113\.7, remote, hop-untrusted/],
    ['below the mount', answering(REMOTE, '/gateway/whoami'), 'green', 'clean', /203\.0\.113\.7/],
    ['local', answering(LOCAL), 'red', 'local', /LOOKS LOCAL/],
    ['local but for the taint', answering({ ...REMOTE, reason: 'proxy-seen' }), 'red', 'local', /but for the taint/],
    ['by the kernel alone', answering({ ...REMOTE, reason: 'peer-relay' }), 'yellow', 'unclear', /kernel's word alone/],
    ['another gateway', answering({ ...LOCAL, gatewayId: 'gw-2' }), 'yellow', 'unclear', /another gateway/],
    ['a cached answer', answering({ ...LOCAL, probe: 'old' }), 'yellow', 'unclear', /a cache stands/],
    ['no probe in it', answering({ ...LOCAL, probe: null }), 'yellow', 'unclear', /a cache stands/],
    ['something else', answering({ hello: 1 }), 'yellow', 'unclear', /not that of a Latchkey gateway/],
    ['no JSON', (_request, response) => response.end('<html>'), 'yellow', 'unclear', /not that of a Latchkey/],
    ['without end', (_request, response) => response.end('x'.repeat(200_000)), 'yellow', 'unclear', /not that of/],
    ['an error', (_request, response) => response.writeHead(502).end(), 'yellow', 'unclear', /HTTP 502/],
    ['cut off', (request) => request.socket.destroy(), 'yellow', 'unclear', /fetch failed/],
  ])('%s', async (_title, listener, level, outcome, saw) => {
    const result = await checkPublicUrl(await serve(listener), target)
    expect([result.finding.level, result.outcome]).toEqual([level, outcome])
    expect(result.finding.saw).toMatch(saw)
  }) // prettier-ignore

  test.each<[string, RegExp]>([
    ['nonsense', /not an http or https URL/],
    ['ws://127.0.0.1:1/', /not an http or https URL/],
    ['http://me:secret@127.0.0.1:1/', /not an http or https URL/],
    ['http://127.0.0.1:4747/', /own port/],
    ['http://localhost:4747', /own port/],
  ])('%s is no public address', async (url, saw) => {
    const { finding, outcome } = await checkPublicUrl(url, target)
    expect([finding.level, outcome]).toEqual(['yellow', 'unclear'])
    expect(finding.saw).toMatch(saw)
    expect(JSON.stringify(finding)).not.toContain('secret')
  })

  test('an id that nobody could ask for', async () => {
    const { outcome } = await checkPublicUrl(await serve(answering(LOCAL)), { ...target, gatewayId: null })
    expect(outcome).toBe('unclear')
  })

  test('no answer in time', async () => {
    expect(await askWhoami(`${await serve(() => undefined)}/whoami`, 'x', 50)).toMatch(/no answer within/)
  })

  test.each(['', 'null', '[]', '5', '{}', '{"isLocal":"yes","gatewayId":"x","reason":"y"}'])('%j is no answer', (text) => {
    expect(readWhoami(text)).toBeNull()
  }) // prettier-ignore

  test('what may be a secret is not shown', () => {
    expect(shownUrl('https://a:b@c.example/x?token=1#y')).toBe('https://…@c.example/x')
  })
})

test('a plain request that could not be made', () => {
  expect(checkPlainRequest('HTTP 404').level).toBe('yellow')
})

test('nothing of a finding moves the cursor', () => {
  const text = describeFindings([red('probe \u001b[2J', 'saw\r\n\u202e', 'do\u001b]0;x')], terminalOf({}, {}))
  expect(text).not.toMatch(/[\u001b\r\u202e]/)
  expect(text.split('\n')).toHaveLength(4)
  expect(text).toMatch(/0 green, 0 yellow, 1 red$/)
})
