import { describe, expect, test } from '@jest/globals'
import { localityPolicy, type LocalityOptions } from '../../lib/locality/index.ts'

describe('options that are refused, with what to do instead', () => {
  test.each<[unknown, RegExp]>([
    [{ trustProxy: true }, /trust every client.*\["loopback"\]/],
    [{ trustProxy: 1 }, /hop count/],
    [{ trustProxy: () => true }, /expected a list/],
    [{ trustProxy: [7] }, /expected text/],
    [{ trustProxy: ['0.0.0.0/0'] }, /too much of the internet/],
    [{ trustProxy: ['1.0.0.0/7'] }, /too much of the internet/],
    [{ trustProxy: ['::/0'] }, /too much of the internet/],
    [{ trustProxy: ['::/7'] }, /too much of the internet/],
    [{ trustProxy: ['2000::/6'] }, /too much of the internet/],
    [{ trustProxy: ['::ffff:0:0/96'] }, /too much of the internet/],
    [{ trustProxy: ['::ffff:0.0.0.0/103'] }, /too much of the internet/],
    [{ trustProxy: ['::/64'] }, /too much of the internet/],
    [{ trustProxy: ['localhost'] }, /not an IP address/],
    [{ trustProxy: ['0177.0.0.1'] }, /not an IP address/],
    [{ trustProxy: ['2130706433'] }, /not an IP address/],
    [{ trustProxy: ['::1%lo'] }, /not an IP address/],
    [{ trustProxy: ['10.0.0.0/255.0.0.0'] }, /prefix length/],
    [{ trustProxy: ['10.0.0.0/33'] }, /prefix length/],
    [{ trustProxy: ['10.0.0.0/8/8'] }, /not an IP address/],
    [{ trustProxy: [''] }, /not an IP address/],
    [{ trustProxies: ['loopback'] }, /did you mean trustProxy\?/],
    [{ forwardedBy: 'via' }, /"x-forwarded-for" or "forwarded"/],
    [{ hosts: ['http://a'] }, /hosts/],
    [{ hosts: 'a' }, /a list/],
    [{ allowedOrigins: ['https://a/'] }, /as browsers write it/],
    [{ allowedOrigins: ['HTTPS://a'] }, /as browsers write it/],
    [{ allowedOrigins: ['null'] }, /as browsers write it/],
    [{ allowedOrigins: ['*'] }, /as browsers write it/],
    [{ forwardingHeaders: ['a b'] }, /a header name/],
    [{ assurance: 'headers' }, /assurance/],
    [{ assurance: 'none' }, /assurance/],
    [{ assurance: 'local-secret', dangerouslyTrustHeaders: true }, /contradicts/],
    [{ peerUsers: ['root'] }, /numeric user id/],
    [{ peerUsers: [-1] }, /numeric user id/],
    [{ ownProcess: false }, /"allow" or "proof"/],
    [{ outbound: 'yes' }, /"allow" or "proof"/],
    [{ ownAddresses: 1 }, /true or false/],
    [{ dangerouslyTrustHeaders: 'true' }, /true or false/],
    [null, /an object/],
  ])('%p', (options, message) => {
    expect(() => localityPolicy(options as LocalityOptions)).toThrow(message)
  })

  test('carry a code', () => {
    expect(() => localityPolicy({ trustProxy: 'x' })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
    expect(() => localityPolicy({ x: 1 } as LocalityOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN' }),
    )
  })
})

test.each<[string, LocalityOptions, string, boolean]>([
  ['nothing', {}, '127.0.0.1', false],
  ['false', { trustProxy: false }, '127.0.0.1', false],
  ['loopback', { trustProxy: 'loopback' }, '127.9.9.9', true],
  ['a string with commas', { trustProxy: 'loopback, 10.0.0.5' }, '10.0.0.5', true],
  ['another address', { trustProxy: ['10.0.0.5'] }, '10.0.0.6', false],
  ['a range', { trustProxy: ['10.0.0.0/8'] }, '10.200.0.6', true],
  ['unique local', { trustProxy: ['uniquelocal'] }, 'fd00::1', true],
  ['an IPv6 range', { trustProxy: ['fd00::/8'] }, '10.0.0.1', false],
])('trustProxy %s', (_title, options, address, trusted) => {
  const policy = localityPolicy(options)
  expect([policy.trusts(address), policy.trusts(address)]).toEqual([trusted, trusted])
})
