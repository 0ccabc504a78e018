import { expect, test } from '@jest/globals'
import { consoleLink, isLoopbackUrl } from '../../lib/cli/console-link.ts'
import { clipped, displayWidth } from '../../lib/cli/display-width.ts'
import { findDevice } from '../../lib/cli/find-device.ts'
import { canOpenBrowser } from '../../lib/cli/open-browser.ts'
import type { GrantRecord, PairedRecord, PendingRecord, RoleAsk } from '../../lib/cli/owner-records.ts'
import { printable, printableJson, table } from '../../lib/cli/printable.ts'
import { readDuration, readSince } from '../../lib/cli/read-duration.ts'
import { requestAdditions } from '../../lib/cli/request-additions.ts'
import { readSetupCode, setupCode } from '../../lib/cli/setup-code.ts'

const NOW = Date.UTC(2026, 0, 31, 12)

function grant(role: string, scopes: string[], via = 'owner', expiresAtMs?: number): GrantRecord {
  const base = { role, scopes, via, localityReason: 'local', grantedAtMs: 0 }
  return expiresAtMs === undefined ? base : { ...base, expiresAtMs }
}

test.each<[string, RoleAsk[], GrantRecord[] | null, string[]]>([
  ['a new device', [{ role: 'operator', scopes: ['a.b', 'c.d'] }], null, ['the role operator with a.b, c.d']],
  ['a role without scopes', [{ role: 'node', scopes: [] }], null, ['the role node, without scopes']],
  ['a scope more', [{ role: 'operator', scopes: ['a.b', 'c.d'] }], [grant('operator', ['a.b'])], ['c.d']],
  [
    'nothing',
    [{ role: 'operator', scopes: ['a.b'] }],
    [grant('operator', ['a.b'])],
    ['nothing to the role operator'],
  ],
  [
    'another role',
    [{ role: 'node', scopes: [] }],
    [grant('operator', ['a.b'])],
    ['the role node, without scopes'],
  ],
  [
    'two roles',
    [
      { role: 'node', scopes: [] },
      { role: 'operator', scopes: ['c.d'] },
    ],
    [grant('operator', ['a.b'])],
    ['the role node, without scopes', 'c.d'],
  ],
  [
    'what was silent',
    [{ role: 'operator', scopes: ['a.b', 'c.d'] }],
    [grant('operator', ['a.b'], 'silent')],
    ['the role operator (so far only on this machine) with a.b (so far only on this machine), c.d'],
  ],
  [
    'what is over',
    [{ role: 'operator', scopes: ['a.b'] }],
    [grant('operator', ['a.b'], 'owner', NOW)],
    ['the role operator with a.b'],
  ],
  [
    'what is not over',
    [{ role: 'operator', scopes: ['a.b'] }],
    [grant('operator', ['a.b'], 'owner', NOW + 1)],
    ['nothing to the role operator'],
  ],
  ['a hostile scope', [{ role: 'o\u001b', scopes: ['\u202e'] }], null, ['the role o\ufffd with \ufffd']],
])('what a request adds: %s', (_title, asks, grants, words) => {
  const device = grants === null ? undefined : ({ grants } as unknown as PairedRecord)
  expect(requestAdditions({ asks } as unknown as PendingRecord, device, NOW)).toEqual(words)
})

const DEVICES = ['01234567aa', '01234567bb', 'fedcba9876'].map((start) => ({
  deviceId: start.padEnd(64, '0'),
  displayName: 'x\u001b',
}))

test.each(['01234567a', '0123 4567 A', '01234567aa'.padEnd(64, '0')])('%j is one device', (given) => {
  expect(findDevice(DEVICES, given)).toBe(DEVICES[0])
})

test('what fits two devices is an error that lists both', () => {
  expect(() => findDevice(DEVICES, '01234567')).toThrow(/fits 2 devices[^]*01234567aa0[^]*01234567bb0/)
  expect(() => findDevice(DEVICES, '01234567')).not.toThrow(/\u001b/)
})

test.each(['', '0123456', 'x', '0123456789abcdefg', '*', '0'.repeat(65)])('%j is no key', (given) => {
  expect(() => findDevice(DEVICES, given)).toThrow(/names no device/)
})

test('one that is not there', () => {
  expect(() => findDevice(DEVICES, '11111111', 'ignored')).toThrow(/no ignored device/)
})

test.each([
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
])('%s is %d ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms)
})

test.each(['', '0s', '-1h', '2', '2 h', '1e3s', '2w', '9999999d'])('%j is no time', (text) => {
  expect(() => readDuration(text)).toThrow(/30m, 2h or 7d/)
})

test.each([
  ['2h', NOW - 7_200_000],
  ['2026-01-31T09:30:00Z', Date.UTC(2026, 0, 31, 9, 30)],
  ['2026-01-31T09:30:00+01:00', Date.UTC(2026, 0, 31, 8, 30)],
  ['2026-01-30', Date.UTC(2026, 0, 30)],
])('since %s', (text, ms) => {
  expect(readSince(text, NOW)).toBe(ms)
})

test.each(['', 'yesterday', '2026-02-30T99:00:00Z', '2027-01-01', '1'])('since %j is refused', (text) => {
  expect(() => readSince(text, NOW)).toThrow(/a time that has passed/)
})

test.each<[string, string | null]>([
  ['ws://127.0.0.1:4747/gateway', 'http://127.0.0.1:4747/gateway/console#invite=t-_'],
  ['wss://gateway.example', 'https://gateway.example/console#invite=t-_'],
  ['wss://user:secret@gateway.example/a/?x=1#y', 'https://gateway.example/a/console#invite=t-_'],
  ['ws+unix:/run/x.sock:/gateway', null],
  ['nonsense', null],
])('the console of %s', (url, link) => {
  expect(consoleLink(url, 't-_')).toBe(link)
})

test('a token that is none goes into no link', () => {
  expect(consoleLink('ws://localhost/', 'x&y')).toBeNull()
})

test.each<[string, boolean]>([
  ['ws://localhost:1/', true],
  ['ws://app.localhost/', true],
  ['ws://127.9.8.7/', true],
  ['ws://[::1]/', true],
  ['ws://localhost.example/', false],
  ['ws://127.0.0.1.example/', false],
  ['ws://10.0.0.1/', false],
  ['ws://[::ffff:7f00:1]/', false],
  ['ws://localhost@example.com/', false],
  ['nonsense', false],
])('%s is loopback: %s', (url, isLoopback) => {
  expect(isLoopbackUrl(url)).toBe(isLoopback)
})

test('a setup code goes both ways', () => {
  const setup = { url: 'wss://gateway.example/g', bootstrapToken: 'tök' }
  expect(readSetupCode(setupCode(setup))).toEqual(setup)
  expect(readSetupCode(`\n ${setupCode(setup).replace(/.{20}/, '$&\n')} `)).toEqual(setup)
})

test.each([
  ['abc', 3],
  ['家族', 4],
  ['e\u0301', 1],
  ['👍', 2],
  ['', 0],
])('%s is %d columns wide', (text, width) => {
  expect(displayWidth(text)).toBe(width)
})

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['家族家族', 6, '家族…'],
  ['ab cdefg', 4, 'ab…'],
])('%s in %d columns', (text, width, cut) => {
  expect(clipped(text, width)).toBe(cut)
})

test('a table keeps to its width: what is widest is cut, never the first column', () => {
  const text = table(
    ['key', 'name', 'roles'],
    [
      ['k'.repeat(30), 'n'.repeat(90), 'operator'],
      ['k', '家'.repeat(40), 'r'],
    ],
  )
  const lines = text.split('\n')
  expect(lines.map(displayWidth).every((width) => width <= 80)).toBe(true)
  expect(lines[1]).toContain('k'.repeat(30))
  expect(lines[1]).toContain('…  operator')
  expect(table(['a', 'b'], [['x', 'y'.repeat(99)]], { width: 20, ellipsis: '...' })).toMatch(/y\.\.\.$/)
})

test('no pile of accents', () => {
  expect(printable(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
})

test('JSON: the same value, in printable characters', () => {
  const value = { a: '\u001b\u009b\u202e\u{E0041}\ud800\u2028é\n', b: undefined }
  const text = printableJson(value)
  expect(text).not.toMatch(/[\u009b\u202e\u2028]|\u{E0041}/u)
  expect(JSON.parse(text)).toEqual({ a: value.a })
  expect(printableJson(undefined)).toBe('null')
})

test.each<[Record<string, string>, string, boolean]>([
  [{}, 'darwin', true],
  [{}, 'win32', true],
  [{}, 'linux', false],
  [{ DISPLAY: '' }, 'linux', false],
  [{ DISPLAY: ':0' }, 'linux', true],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', true],
])('%j on %s has a screen: %s', (env, platform, has) => {
  expect(canOpenBrowser(env, platform)).toBe(has)
})
