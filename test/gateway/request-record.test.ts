import { describe, expect, test } from '@jest/globals'
import { explainRequest, recipesOf } from '../../lib/gateway/explain.ts'
import { readRecord } from '../../lib/gateway/request-record.ts'

const GOOD = { remoteAddress: '127.0.0.1', rawHeaders: ['Host', 'localhost'] }

describe('what a record may leave out', () => {
  test('all but the address and the headers', () => {
    expect(readRecord(GOOD, 0).facts).toEqual({ transport: 'tcp', httpVersion: '1.1', url: '/', ...GOOD })
  })

  test('headers as an object or as pairs', () => {
    const remoteAddress = null
    expect(readRecord({ remoteAddress, headers: { host: 'a', via: ['b', 'c'] } }, 0).facts.rawHeaders).toEqual([
      ...['host', 'a', 'via', 'b', 'via', 'c'],
    ])
    expect(readRecord({ remoteAddress, headers: [['Host', 'a']] }, 0).facts.rawHeaders).toEqual(['Host', 'a'])
  }) // prettier-ignore

  test('what says nothing is named, and __proto__ changes nothing', () => {
    const raw: unknown = JSON.parse('{"remoteAddress":null,"rawHeaders":[],"__proto__":{"tainted":true},"ms":1}')
    expect(readRecord(raw, 0)).toMatchObject({ ignored: ['__proto__', 'ms'] })
    expect(readRecord(raw, 0).facts.tainted).toBeUndefined()
  }) // prettier-ignore

  test('no header limit', () => {
    expect(readRecord({ ...GOOD, headerLimit: null }, 0).facts.headerLimit).toBe(Infinity)
  })
})

test.each<[string, object, number | undefined, string]>([
  ['a proxy of ours', { uid: 7, comm: 'nginx' }, 7, 'relay'],
  ['a tool of ours', { uid: 7, comm: 'curl' }, 7, 'same-user'],
  ['somebody else', { uid: 33, comm: 'curl' }, 7, 'other-user'],
  ['where there are no users', { uid: 33, comm: 'curl' }, undefined, 'same-user'],
])('the owner %s', (_title, peerOwner, ownUid, status) => {
  expect(readRecord({ ...GOOD, peerOwner }, ownUid).facts.peer?.status).toBe(status)
})

test.each<[string, unknown, RegExp]>([
  ['a list', [], /^request: got \[\], expected an object/],
  ['nothing', undefined, /^request: got nothing/],
  [
    'transport',
    { ...GOOD, transport: 'udp' },
    /^transport: got "udp", expected "tcp" or "unix" or "private"/,
  ],
  ['localAddress', { ...GOOD, localAddress: 5 }, /^localAddress: got 5/],
  ['httpVersion', { ...GOOD, httpVersion: 1.1 }, /^httpVersion: got 1.1/],
  ['url', { ...GOOD, url: null }, /^url: got null, expected text/],
  ['rawHeaders', { ...GOOD, rawHeaders: 'Host: a' }, /^rawHeaders: got "Host: a", expected a list/],
  ['a value', { ...GOOD, rawHeaders: ['a', 1] }, /^rawHeaders\[1\]: got 1, expected text/],
  ['both', { ...GOOD, headers: {} }, /^headers: got \{\}, expected nothing beside rawHeaders/],
  ['a pair', { remoteAddress: null, headers: [['a']] }, /^headers\[0\]: got \["a"\], expected a pair/],
  ['a header', { remoteAddress: null, headers: { a: 1 } }, /^headers\.a: got 1/],
  ['headerLimit', { ...GOOD, headerLimit: 0 }, /^headerLimit: got 0/],
  ['upgrade', { ...GOOD, upgrade: 'websocket' }, /^upgrade: got "websocket", expected true or false/],
  ['listener', { ...GOOD, listener: 'private' }, /^listener: got "private"/],
  ['localSecret', { ...GOOD, localSecret: 'x' }, /^localSecret: got "x"/],
  ['tainted', { ...GOOD, tainted: 1 }, /^tainted: got 1/],
  ['peer', { ...GOOD, peer: 'same-user' }, /^peer: got "same-user", expected an object/],
  ['peer.uid', { ...GOOD, peer: { status: 'relay', uid: '0' } }, /^peer\.uid: got "0"/],
  ['peer.process', { ...GOOD, peer: { status: 'relay', process: 0 } }, /^peer\.process: got 0/],
  ['peerOwner', { ...GOOD, peerOwner: 5 }, /^peerOwner: got 5/],
  ['peerOwner.uid', { ...GOOD, peerOwner: { comm: 'x' } }, /^peerOwner\.uid: got nothing/],
  ['peerOwner.comm', { ...GOOD, peerOwner: { uid: 0 } }, /^peerOwner\.comm: got nothing/],
])('a bad record is refused by name: %s', (_title, record, message) => {
  expect(() => readRecord(record, 0)).toThrow(message)
})

test('options are checked as those of a policy are', () => {
  expect(() => explainRequest({ trustProxi: [] }, GOOD)).toThrow(/did you mean trustProxy/)
  expect(() => explainRequest('x', GOOD)).toThrow(/expected an object/)
})

test('the recipes are those that the advice speaks of', () => {
  const { verdict } = explainRequest({}, { ...GOOD, peer: { status: 'relay', process: 'caddy' } })
  expect(recipesOf(verdict).map((recipe) => recipe.title)).toEqual(['Caddy'])
  expect(recipesOf({})).toEqual([])
})
