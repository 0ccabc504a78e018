import { expect, test } from '@jest/globals'
import { decideLocality, localityPolicy } from '../../lib/locality/index.ts'
import { forwardedChain } from '../../lib/locality/forwarded.ts'
import { withHeaders } from './facts.ts'

test.each<[string, string[] | null]>([
  ['for=192.0.2.43', ['192.0.2.43']],
  ['For="[2001:DB8::17]:4711"', ['2001:db8::17']],
  ['for=192.0.2.43, for="[::1]";by=203.0.113.60;proto=http;host=example.com', ['192.0.2.43', '::1']],
  ['for="192.0.2.43:47011"', ['192.0.2.43']],
  ['for="192.0.2.43:_port"', ['192.0.2.43']],
  ['for="\\1\\2\\7.0.0.1"', ['127.0.0.1']],
  ['for=127.0.0.1 ;proto=http', ['127.0.0.1']],
  ['for=unknown', null],
  ['for=_hidden', null],
  ['for="_SEVKISEK"', null],
  ['proto=http', null],
  ['for=192.0.2.1, proto=http', null],
  ['for=1.2.3.4;for=127.0.0.1', null],
  ['for=1.2.3.4;FOR=127.0.0.1', null],
  ['for=[::1]', null],
  ['for="::1"', null],
  ['for="[127.0.0.1]"', null],
  ['for=192.0.2.1:80', null],
  ['for="192.0.2.1:99999"', null],
  ['for="127.0.0.1', null],
  ['for=127.0.0.1,', null],
  ['for=127.0.0.1,,for=::1', null],
  ['for=127.0.0.1;', null],
  ['for = 127.0.0.1', null],
  ['for=', null],
  ['', null],
  ['for="127.0.0.1"x', null],
])('Forwarded: %s', (value, chain) => {
  expect(forwardedChain(value)).toEqual(chain)
})

test.each<[string[], boolean, string | null]>([
  [['Forwarded', 'for=127.0.0.1;proto=https;host=localhost'], true, '127.0.0.1'],
  [['Forwarded', 'for=127.0.0.1', 'Forwarded', 'for="[::1]"'], true, '127.0.0.1'],
  [['Forwarded', 'for=127.0.0.1, for=203.0.113.9'], false, '203.0.113.9'],
  [['Forwarded', 'for=127.0.0.1', 'X-Forwarded-For', '127.0.0.1'], false, '127.0.0.1'],
  [['X-Forwarded-For', '127.0.0.1'], false, '127.0.0.1'],
  [['Forwarded', 'for=unknown'], false, null],
])("forwardedBy: 'forwarded' with %j", (headers, isLocal, clientAddress) => {
  const policy = localityPolicy({
    trustProxy: ['loopback'],
    forwardedBy: 'forwarded',
    dangerouslyTrustHeaders: true,
  })
  const verdict = decideLocality(policy, withHeaders(['Host', 'localhost', ...headers]))
  expect({ isLocal: verdict.isLocal, clientAddress: verdict.clientAddress }).toEqual({
    isLocal,
    clientAddress,
  })
})
