import { isIPv4 } from 'node:net'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import proxyAddr from 'proxy-addr'
import { ipv4Number } from '../../lib/locality/address.ts'
import { compileTrustList } from '../../lib/locality/trust-list.ts'

const nearly = fc.stringMatching(/^[0-9.]{0,17}$/)
const octets = fc.array(fc.nat(300), { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.'))

test('a text is a number when it is what Node calls IPv4, and no other', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), octets, nearly, fc.ipV4Extended(), fc.ipV6(), fc.string()), (text) => {
      const number = ipv4Number(text)
      expect(number !== -1).toBe(isIPv4(text))
      if (number !== -1) expect([24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.')).toBe(text)
    }),
    { numRuns: 20_000 },
  )
})

const entry = fc.oneof(
  fc.constantFrom('loopback', 'linklocal', 'uniquelocal', '::1', 'fc00::/7'),
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`),
  fc.tuple(fc.ipV4(), fc.integer({ min: 104, max: 128 })).map(([ip, bits]) => `::ffff:${ip}/${bits}`),
  fc.ipV4().map((ip) => `::ffff:${ip}`),
)
const near = fc.constantFrom(
  '127.0.0.1',
  '127.9.9.9',
  '169.254.1.1',
  '172.31.255.255',
  '172.32.0.0',
  '192.168.0.9',
)

test('trusts what proxy-addr trusts', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 4 }),
      fc.oneof(near, fc.ipV4()),
      fc.nat(0xffff),
      (entries, address, low) => {
        const [ours, theirs] = [compileTrustList(entries), proxyAddr.compile(entries)]
        // Beside the entries too: two addresses at random hardly ever share a network.
        const bases = entries.map((text) => /(\d+\.\d+)\.\d+\.\d+/.exec(text)?.[1])
        const beside = bases.flatMap((base) => (base === undefined ? [] : `${base}.${low >> 8}.${low & 255}`))
        for (const one of [address, ...beside]) expect([one, ours(one)]).toEqual([one, theirs(one, 0)])
      },
    ),
    { numRuns: 10_000 },
  )
}) // prettier-ignore
