import { expect, test } from '@jest/globals'
import { coversAsk, requestDigest, widenAsks } from '../../lib/pairing/pairing-request.ts'
import { scopeLattice } from '../../lib/pairing/scopes.ts'

const lattice = scopeLattice()
const read = { role: 'operator', scopes: ['operator.read'] }

test('an ask is covered by the same role with scopes that give it', () => {
  expect(coversAsk(lattice, [{ role: 'operator', scopes: ['operator.write'] }], read)).toBe(true)
  expect(coversAsk(lattice, [{ role: 'node', scopes: ['operator.write'] }], read)).toBe(false)
  expect(coversAsk(lattice, [read], { role: 'operator', scopes: ['operator.write'] })).toBe(false)
  expect(coversAsk(lattice, [], { role: 'node', scopes: [] })).toBe(false)
})

test('widening takes the union per role and keeps the others', () => {
  const asks = widenAsks(widenAsks([read], { role: 'node', scopes: [] }), {
    role: 'operator',
    scopes: ['a.b'],
  })
  expect(asks).toEqual([
    { role: 'node', scopes: [] },
    { role: 'operator', scopes: ['a.b', 'operator.read'] },
  ])
})

test('the digest changes with the device, a role and a scope, and with nothing else', () => {
  const digest = requestDigest('d1', [read])
  expect(requestDigest('d1', [{ role: 'operator', scopes: ['operator.read'] }])).toBe(digest)
  expect(requestDigest('d2', [read])).not.toBe(digest)
  expect(requestDigest('d1', [{ ...read, role: 'node' }])).not.toBe(digest)
  expect(requestDigest('d1', [{ ...read, scopes: ['operator.read', 'x'] }])).not.toBe(digest)
  expect(requestDigest('d1', [read, { role: 'node', scopes: [] }])).not.toBe(digest)
  // Moving a word from one field to the next is another content.
  expect(requestDigest('d1', [{ role: 'a', scopes: ['b', 'c'] }])).not.toBe(
    requestDigest('d1', [{ role: 'a', scopes: ['b,c'] }]),
  )
})
