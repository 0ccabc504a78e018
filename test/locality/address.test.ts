import { describe, expect, test } from '@jest/globals'
import { addressPrefix, canonicalAddress, isLoopbackAddress } from '../../lib/locality/address.ts'

describe('the canonical text of an address', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['10.0.100.9', '10.0.100.9'],
    ['::', '::'],
    ['::1', '::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['2001:DB8:00A0:1:02:3:4:F', '2001:db8:a0:1:2:3:4:f'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:1:1', '2001::1:0:0:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:1:2:3:4:0:0', '2001:db8:1:2:3:4::'],
    ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['0:0:0:0:0:ffff:0102:ff00', '1.2.255.0'],
    ['0::ffff:127.0.0.1', '127.0.0.1'],
    ['0:0:0::ffff:127.0.0.1', '127.0.0.1'],
    ['0:0::1:ffff:7f00:1', '::1:ffff:7f00:1'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected)
  })

  test.each([
    '1::ffff:7f00:1',
    '0:1::ffff:7f00:1',
    '0:0:1:0:0:ffff:7f00:1',
    '0:0:0:1:0:ffff:7f00:1',
    '0:0:0:0:1:ffff:7f00:1',
    '::fffe:7f00:1',
    '::7f00:1',
    '64:ff9b::127.0.0.1',
  ])('%s is an address of its own, not a mapped one', (text) => {
    expect(canonicalAddress(text)).toContain(':')
    expect(isLoopbackAddress(canonicalAddress(text) ?? '')).toBe(false)
  })

  test.each([
    '', '.', '...', '1.2.3', '1.2.3.', '.1.2.3', '1..2.3', '..1.2.3', '1.2.3.4.', '1.2.3.4.5', '.1.2.3.4', '127x0x0x1', '127/0/0/1',
    '127:0:0:1', '1,2,3,4', '01.2.3.4', '1.2.3.04', '00.0.0.0', '256.1.1.1', '1.2.3.256', '1.2.3.1000', ' 1.2.3.4', '1.2.3.4 ',
    '-1.2.3.4', '1.2.3.a', '0x7f.0.0.1', '127.1', '2130706433', '٢.2.3.4', '[::1]', '::1%lo', '::1%', ':::', '1::2::3', '12345::',
    '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::ffff:127.0.0.01', '::ffff:127.0.0', '::ffff:127.0.0.256', 'localhost',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeNull()
  }) // prettier-ignore
})

test.each([
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['::1', true],
  ['127.', false],
  ['127.0.0', false],
  ['127.0.0.1.example.org', false],
  ['128.0.0.1', false],
  ['12.7.0.1', false],
  ['::2', false],
])('%s is loopback: %s', (canonical, expected) => {
  expect(isLoopbackAddress(canonical)).toBe(expected)
})

test.each([
  [null, 'unknown'],
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('whoever has %s is assumed to own %s', (canonical, expected) => {
  expect(addressPrefix(canonical)).toBe(expected)
})
