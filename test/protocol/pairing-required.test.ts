import { describe, expect, test } from '@jest/globals'
import { readConnectPairingRequiredMessage } from '@openclaw/gateway-protocol/connect-error-details'
import { randomUUID } from 'node:crypto'
import { closeReason, pairingRequiredMessage, readPairingRequired } from '../../lib/protocol/index.ts'

const REASONS = ['not-paired', 'role-upgrade', 'scope-upgrade', 'remote-use'] as const

describe('the words of a refusal', () => {
  test.each(REASONS)('%s: the request id survives the cut of the close reason', (reason) => {
    const requestId = randomUUID()
    const cut = closeReason(`${pairingRequiredMessage(reason)} (requestId: ${requestId})`)
    expect(cut).toMatch(new RegExp(`^pairing required: .* \\(requestId: ${requestId}\\)$`))
    expect(readConnectPairingRequiredMessage(cut)?.requestId).toBe(requestId)
  })

  test('each reason has its own', () => {
    expect(new Set(REASONS.map(pairingRequiredMessage)).size).toBe(4)
  })
})

test.each([
  null,
  undefined,
  'x',
  [],
  {},
  { code: 'OTHER', reason: 'not-paired' },
  { code: 'PAIRING_REQUIRED' },
])('details %j are not those of a refusal for pairing', (details) => {
  expect(readPairingRequired(details)).toBeNull()
})
