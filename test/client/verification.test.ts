import { describe, expect, test } from '@jest/globals'
import {
  adviceOf,
  callGateway,
  createDeviceIdentity,
  PairingRequiredError,
  type CallOptions,
  type DeviceIdentity,
} from '../../lib/client/index.ts'
import { scriptedGateway, type Visitor } from './scripted-gateway.ts'
import {
  challenge,
  newExchange,
  ownersCode,
  refuseForPairing,
  revealOf,
  type Exchange,
} from './verifying-gateway.ts'

async function refused(
  script: (visitor: Visitor) => unknown,
  more: Partial<CallOptions> = {},
): Promise<PairingRequiredError> {
  const gateway = await scriptedGateway(script)
  const identity = createDeviceIdentity()
  const error: unknown = await callGateway({ url: gateway.url, identity, method: 'health', ...more }).catch(
    (reason: unknown) => reason,
  )
  await gateway.close()
  if (!(error instanceof PairingRequiredError)) throw new Error('it was not refused', { cause: error })
  return error
}

/** One whole exchange, whose refusal `change` falsifies. */
function refusedWith(
  change: (details: Record<string, unknown>, exchange: Exchange) => unknown,
): Promise<PairingRequiredError> {
  return refused(async (visitor) => {
    const exchange = newExchange('request-1')
    const { id } = await challenge(visitor, exchange)
    refuseForPairing(visitor, id, exchange, (details) => change(details, exchange))
  })
}

describe('the verification code', () => {
  test('is the one that the owner sees', async () => {
    const exchange = newExchange('request-1')
    const error = await refused(
      async (visitor) => {
        const { id } = await challenge(visitor, exchange)
        refuseForPairing(visitor, id, exchange)
      },
      { scopes: ['operator.write', 'operator.read', 'operator.read'], role: 'node' },
    )
    expect(error.verificationCode).toMatch(/^\d{4}-\d{4}$/)
    expect(error.verificationCode).toBe(ownersCode(exchange))
    expect(adviceOf(error)[0]).toBe(
      `Verification code ${ownersCode(exchange)}: the owner sees the same one beside your request.`,
    )
  })

  test('stays the same for a retry on another connection, with nothing kept but the key', async () => {
    const first = newExchange('request-1')
    const gateway = await scriptedGateway(async (visitor) => {
      const current = visitor.number === 1 ? first : newExchange('request-2')
      const { id } = await challenge(visitor, current)
      // The request goes on to be that of the first exchange, whatever is asked now.
      refuseForPairing(visitor, id, first)
    })
    const identity = createDeviceIdentity()
    const codes: (string | undefined)[] = []
    for (const scopes of [['operator.read', 'operator.write'], ['operator.read']]) {
      const options = { url: gateway.url, identity, scopes, method: 'health' }
      const error: unknown = await callGateway(options).catch((reason: unknown) => reason)
      codes.push((error as PairingRequiredError).verificationCode)
    }
    await gateway.close()
    expect(codes).toEqual([ownersCode(first), ownersCode(first)])
  })

  test('differs for another device', async () => {
    const codes = new Set<string | undefined>()
    for (let i = 0; i < 3; i += 1) codes.add((await refusedWith((details) => details)).verificationCode)
    expect(codes.size).toBe(3)
  })

  test('is worked out with an identity that signs later, as WebCrypto does', async () => {
    const exchange = newExchange('request-1')
    const own = createDeviceIdentity()
    const identity: DeviceIdentity = {
      ...own,
      sign: (text) => new Promise((resolve) => setTimeout(() => resolve(own.sign(text)), 20)),
    }
    const error = await refused(
      async (visitor) => {
        const { id } = await challenge(visitor, exchange)
        refuseForPairing(visitor, id, exchange)
      },
      { identity },
    )
    expect(error.verificationCode).toBe(ownersCode(exchange))
  })
})

const other = newExchange('request-1')
const FALSE: [string, (details: Record<string, unknown>, exchange: Exchange) => unknown][] = [
  ['another nonce than the committed one', (d, e) => ({ ...d, verification: { ...revealOf(e), gatewayNonce: other.gatewayNonce } })],
  ['another request than the committed one', (d, e) => ({ ...d, requestId: 'r2', verification: { ...revealOf(e), requestId: 'r2' } })],
  ['a request that the refusal does not name', (d) => ({ ...d, requestId: 'r2' })],
  ['no request beside it', (d) => ({ ...d, requestId: undefined })],
  ['another role than was just asked for', (d, e) => ({ ...d, verification: { ...revealOf(e), role: 'node' } })],
  ['more scopes than were just asked for', (d, e) => ({ ...d, verification: { ...revealOf(e), scopes: ['operator.admin'] } })],
  ['scopes that are not sorted', (d, e) => ({ ...d, verification: { ...revealOf(e), commitment: other.commitment, gatewayNonce: other.gatewayNonce, scopes: ['b', 'a'] } })],
  ['a commitment of another gateway', (d, e) => ({ ...d, verification: { ...revealOf(e), commitment: 'A'.repeat(43) } })],
  ['text in its place', (d) => ({ ...d, verification: '1234-5678' })],
  ['null', (d) => ({ ...d, verification: null })],
  ['a list', (d) => ({ ...d, verification: [] })],
  ['a number as nonce', (d, e) => ({ ...d, verification: { ...revealOf(e), gatewayNonce: 7 } })],
  ['a nonce that is too long', (d, e) => ({ ...d, verification: { ...revealOf(e), gatewayNonce: 'A'.repeat(50_000) } })],
  ['a thousand scopes', (d, e) => ({ ...d, verification: { ...revealOf(e), scopes: Array.from({ length: 1000 }, (_, i) => `s${i}`) } })],
  ['nothing but a prototype', (d, e) => ({ ...d, verification: JSON.parse(`{"__proto__":${JSON.stringify(revealOf(e))}}`) as unknown })],
] // prettier-ignore

describe('a gateway that reveals something else gets no code shown', () => {
  test.each(FALSE)('%s', async (_what, change) => {
    const error = await refusedWith(change)
    expect(error.verificationCode).toBeUndefined()
    expect(error.advice.join('\n')).toMatch(/could not be verified/)
    expect(adviceOf(error).join('\n')).not.toMatch(/Verification code \d/)
  })

  test('one that reveals nothing is believed to have no code', async () => {
    const error = await refusedWith((details) => ({ ...details, verification: undefined }))
    expect(error.verificationCode).toBeUndefined()
    expect(error.advice.join('\n')).not.toMatch(/could not be verified/)
  })

  test('an identity that fails while the code is worked out has none, and the refusal stays one', async () => {
    const own = createDeviceIdentity()
    let signatures = 0
    const sign = (text: string): string => {
      signatures += 1
      if (signatures > 2) throw new Error('the key is gone')
      return own.sign(text)
    }
    const error = await refused(
      async (visitor) => {
        const exchange = newExchange('request-1')
        const { id } = await challenge(visitor, exchange)
        refuseForPairing(visitor, id, exchange)
      },
      { identity: { ...own, sign } },
    )
    expect(error.verificationCode).toBeUndefined()
    expect(error.advice.join('\n')).toMatch(/could not be verified/)
  })

  test('one that never committed itself cannot reveal anything', async () => {
    const error = await refused(async (visitor) => {
      visitor.event('connect.challenge', { nonce: 'n', ts: Date.now(), gatewayId: 'g' })
      other.connect = await visitor.next()
      expect(other.connect.params).not.toHaveProperty('verification')
      refuseForPairing(visitor, other.connect.id, other)
    })
    expect(error.verificationCode).toBeUndefined()
  })
})

describe('a hostile refusal', () => {
  test('with huge fields is cut, and none of them can hide a line', async () => {
    const error = await refusedWith((details) => ({
      ...details,
      reason: 'x'.repeat(10_000),
      remediationHint: `run this\n\u001b[2J\u202e${'y'.repeat(50_000)}`,
      requestedRole: 'z'.repeat(10_000),
      requestedScopes: [...Array.from({ length: 500 }, (_, i) => `s${i}`), { toString: 'no' }],
      digest: 'not a digest',
      locality: { reason: 'r\u0007', advice: ['no'] },
    }))
    expect(error).toMatchObject({ reason: 'other', digest: undefined })
    expect(error.requestedScopes).toHaveLength(64)
    expect(error.requestedRole.length).toBeLessThanOrEqual(64)
    for (const line of adviceOf(error)) {
      expect(line.length).toBeLessThanOrEqual(500)
      expect(line).not.toMatch(/[\n\u001b\u202e\u0007]/)
    }
  })

  test('larger than any is not read at all', async () => {
    const gateway = await scriptedGateway(async (visitor) => {
      const exchange = newExchange('request-1')
      const { id } = await challenge(visitor, exchange)
      refuseForPairing(visitor, id, exchange, (details) => ({ ...details, x: 'x'.repeat(300_000) }))
    })
    const call = callGateway({ url: gateway.url, identity: createDeviceIdentity(), method: 'health' })
    await expect(call).rejects.toMatchObject({ code: 'REFUSED' })
    await gateway.close()
  })

  test('cannot set a prototype, nor speak in the name of the wire', async () => {
    const error = await refusedWith(
      (details) =>
        JSON.parse(
          `{"__proto__":{"polluted":true},"constructor":1,"wireCode":"OK",${JSON.stringify(details).slice(1)}`,
        ) as unknown,
    )
    expect(Object.keys(error.details ?? {})).not.toContain('__proto__')
    expect(Object.assign({}, error.details)).not.toHaveProperty('polluted')
    expect(error.details?.wireCode).toBe('NOT_PAIRED')
  })

  test.each<[string, unknown, number]>([
    ['none', undefined, 5000],
    ['zero', 0, 250],
    ['a negative one', -5, 5000],
    ['a century', 3e12, 60_000],
    ['text', '10', 5000],
    ['not a number', null, 5000],
  ])('asks for a pause that is %s', async (_what, retryAfterMs, expected) => {
    const gateway = await scriptedGateway(async (visitor) => {
      const exchange = newExchange('request-1')
      const { id } = await challenge(visitor, exchange)
      visitor.refuse(id, {
        code: 'NOT_PAIRED',
        message: 'pairing required',
        details: { code: 'PAIRING_REQUIRED', retryAfterMs },
      })
    })
    const options = { url: gateway.url, identity: createDeviceIdentity(), method: 'health' }
    await expect(callGateway(options)).rejects.toMatchObject({ retryAfterMs: expected })
    await gateway.close()
  })
})
