import { expect, test } from '@jest/globals'
import { readHeaderFields } from '../../lib/locality/header-fields.ts'
import { decideLocality, localityPolicy } from '../../lib/locality/index.ts'
import { withHeaders } from './facts.ts'

const policy = localityPolicy({})

function tampering(...rawHeaders: string[]): string | null {
  return readHeaderFields(policy, ['Host', 'localhost', ...rawHeaders]).tampering
}

test('a name without a value is not read, but known to be there', () => {
  expect(readHeaderFields(policy, ['Host', 'localhost', 'X-Forwarded-For'])).toMatchObject({
    hosts: ['localhost'],
    forwarding: [],
    cut: true,
    count: 1.5,
  })
})

test.each([
  ['My_Header', 'x'],
  ['My.Header', 'x'],
  ['(odd)', 'x'],
  ['Connection', 'keep-alive'],
  ['Connection', 'close'],
  ['Connection', 'Upgrade'],
  ['connection', 'keep-alive, Upgrade, HTTP2-Settings'],
  ['Connection', 'connection'],
  ['Connection', ''],
])('%s: %s is nothing odd', (name, value) => {
  expect(tampering(name, value)).toBeNull()
  expect(decideLocality(policy, withHeaders(['Host', 'localhost', name, value])).reason).toBe('local')
})

test.each([
  [['X_Forwarded_For', '1.2.3.4'], 'a field named "x_forwarded_for"'],
  [['xforwardedfor', '1.2.3.4', 'X_Real_IP', '1.2.3.4'], 'a field named "xforwardedfor"'],
  [['Connection', 'close, X-Forwarded-For'], 'Connection nominates x-forwarded-for'],
  [['Connection', 'keep-alive,\tHost '], 'Connection nominates host'],
  [['Connection', 'Origin'], 'Connection nominates origin'],
  [['Connection', 'x_real_ip, via'], 'Connection nominates x_real_ip'],
  [['Connection', 'close', 'Connection', 'via'], 'Connection nominates via'],
])('%j is seen', (rawHeaders, expected) => {
  expect(tampering(...rawHeaders)).toBe(expected)
  const verdict = decideLocality(policy, withHeaders(['Host', 'localhost', ...rawHeaders]))
  expect(verdict.isLocal).toBe(false)
})
