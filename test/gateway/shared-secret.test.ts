import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { createGateway, memoryStore, type AuthOptions, type GatewayOptions } from '../../lib/index.ts'
import { RawClient, type Frame } from './raw-client.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { connectAs, connectWithoutDevice, FORWARDED, signedConnect, type Ask } from './signed-connect.ts'

const SECRET = 'the-secret-that-all-share'
const TOKEN: AuthOptions = { mode: 'token', token: SECRET }
const PASSWORD: AuthOptions = { mode: 'password', password: SECRET }

let running: RunningGateway
afterEach(() => running.close())

async function run(auth: AuthOptions, options: Partial<GatewayOptions> = {}): Promise<void> {
  running = await runGateway({ auth, ...options })
}

/** The answer, once its connection is over. */
async function finished({ client, answer }: { client: RawClient; answer: Frame }): Promise<Frame> {
  client.close()
  await client.closed
  return answer
}

const withDevice = async (ask: Ask, headers = {}, identity = createDeviceIdentity()): Promise<Frame> =>
  finished(await connectAs(running.url, identity, ask, headers))
const without = async (ask: Ask, headers = {}): Promise<Frame> =>
  finished(await connectWithoutDevice(running.url, ask, headers))

const SENTENCES = {
  missing: { authReason: 'missing', recommendedNextStep: 'update_auth_configuration' },
  mismatch: { authReason: 'mismatch', recommendedNextStep: 'update_auth_credentials' },
}

describe.each([
  ['token', TOKEN],
  ['password', PASSWORD],
] as const)('mode %s', (mode, auth) => {
  const refusal = (what: keyof typeof SENTENCES): object => ({
    code: 'INVALID_REQUEST',
    message: `unauthorized: gateway ${mode} ${what}`,
    details: {
      code: `AUTH_${mode.toUpperCase()}_${what.toUpperCase()}`,
      ...SENTENCES[what],
      authReason: `${mode}_${what}`,
    },
  })

  test.each<[string, Ask['auth']]>([
    ['nothing', undefined],
    ['an empty secret', { [mode]: '' }],
    ['the secret in the wrong field', { [mode === 'token' ? 'password' : 'token']: SECRET }],
  ])('%s is a missing secret, with a device and without', async (_what, given) => {
    await run(auth)
    const ask = given === undefined ? {} : { auth: given }
    expect((await withDevice(ask)).error).toEqual(refusal('missing'))
    expect((await without(ask)).error).toEqual(refusal('missing'))
  })

  test('a wrong one is a mismatch; only a device is told to try its token', async () => {
    await run(auth)
    const ask = { auth: { [mode]: `${SECRET}x` } }
    const retry = { canRetryWithDeviceToken: true, recommendedNextStep: 'retry_with_device_token' }
    expect((await withDevice(ask)).error).toMatchObject({ ...refusal('mismatch'), details: retry })
    expect((await without(ask)).error).toMatchObject({
      ...refusal('mismatch'),
      details: { canRetryWithDeviceToken: false, recommendedNextStep: 'update_auth_credentials' },
    })
  })

  test('every refusal closes with 1008', async () => {
    await run(auth)
    const { client, answer } = await connectWithoutDevice(running.url, { auth: { [mode]: 'wrong' } })
    expect(await client.closed).toEqual({ code: 1008, reason: answer.error?.message })
  })

  test('the right one is asked for beside the pairing: local devices are paired, others wait', async () => {
    await run(auth)
    const ask = { auth: { [mode]: SECRET } }
    expect(await withDevice(ask)).toMatchObject({
      ok: true,
      payload: { auth: { deviceToken: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as unknown } },
    })
    expect((await withDevice(ask, FORWARDED)).error).toMatchObject({
      code: 'NOT_PAIRED',
      details: { code: 'PAIRING_REQUIRED', reason: 'not-paired' },
    })
  })

  test('without it even a paired device is refused', async () => {
    await run(auth)
    const identity = createDeviceIdentity()
    expect(await withDevice({ auth: { [mode]: SECRET } }, {}, identity)).toMatchObject({ ok: true })
    expect((await withDevice({}, {}, identity)).error).toEqual(refusal('missing'))
    expect((await withDevice({ auth: { [mode]: 'wrong' } }, {}, identity)).error).toMatchObject({
      details: { code: `AUTH_${mode.toUpperCase()}_MISMATCH` },
    })
  })
})

describe('in place of the shared secret', () => {
  async function paired() {
    await run(TOKEN)
    const identity = createDeviceIdentity()
    const { payload } = await withDevice({ auth: { token: SECRET } }, {}, identity)
    return { identity, deviceToken: String((payload?.auth as { deviceToken?: string }).deviceToken) }
  }

  test('the token of the device does, alone or as published clients send it, twice', async () => {
    const { identity, deviceToken } = await paired()
    expect(await withDevice({ auth: { deviceToken } }, {}, identity)).toMatchObject({ ok: true })
    expect(await withDevice({ auth: { token: deviceToken, deviceToken } }, {}, identity)).toMatchObject({
      ok: true,
    })
    expect(await withDevice({ auth: { token: 'wrong', deviceToken } }, {}, identity)).toMatchObject({
      ok: true,
    })
  })

  test('it is no shared secret: as auth.token alone it is a wrong one', async () => {
    const { identity, deviceToken } = await paired()
    expect((await withDevice({ auth: { token: deviceToken } }, {}, identity)).error?.details).toMatchObject({
      code: 'AUTH_TOKEN_MISMATCH',
      canRetryWithDeviceToken: true,
    })
    expect((await without({ auth: { token: deviceToken, deviceToken } })).error?.details).toMatchObject({
      code: 'AUTH_TOKEN_MISMATCH',
    })
  })

  test('a wrong token of the device does not, nor one of a device that holds nothing', async () => {
    const { identity, deviceToken } = await paired()
    const code = { code: 'AUTH_DEVICE_TOKEN_MISMATCH', canRetryWithDeviceToken: false }
    const wrong = { auth: { deviceToken: 'A'.repeat(43) } }
    expect((await withDevice(wrong, {}, identity)).error?.details).toMatchObject(code)
    const stranger = { auth: { token: deviceToken, deviceToken } }
    expect((await withDevice(stranger)).error?.details).toMatchObject(code)
  })

  test('an invitation does, and pairs from elsewhere; a made-up one does not', async () => {
    await run(TOKEN)
    const ask = { auth: { token: SECRET }, scopes: ['operator.admin'] }
    const owner = await connectAs(running.url, createDeviceIdentity(), ask)
    const invite = await owner.client.request('device.invite.create', { scopes: ['operator.read'] })
    owner.client.close()
    const bootstrapToken = String(invite.payload?.bootstrapToken)
    expect(await withDevice({ auth: { bootstrapToken } }, FORWARDED)).toMatchObject({ ok: true })
    expect(
      (await withDevice({ auth: { bootstrapToken: 'made-up' } }, FORWARDED)).error?.details,
    ).toMatchObject({
      code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
    })
    expect((await without({ auth: { bootstrapToken } })).error?.details).toMatchObject({
      code: 'AUTH_TOKEN_MISSING',
    })
  })

  test('what is signed is the first of token, deviceToken and bootstrapToken', async () => {
    await run(TOKEN)
    const signs = async (auth: Ask['auth'], swap: Ask['auth']): Promise<unknown> => {
      const client = new RawClient(running.url)
      const params = signedConnect(createDeviceIdentity(), await client.challenge(), { auth: auth ?? {} })
      const answer = await client.request('connect', { ...params, auth: swap })
      client.close()
      return answer.error?.details
    }
    const invalid = { code: 'DEVICE_AUTH_SIGNATURE_INVALID' }
    expect(await signs({ token: SECRET }, { token: 'another-one' })).toEqual(invalid)
    expect(await signs({ deviceToken: 'a' }, { deviceToken: 'b' })).toEqual(invalid)
    expect(await signs({ bootstrapToken: 'a' }, { bootstrapToken: 'b' })).toEqual(invalid)
    expect(await signs({ token: SECRET }, { token: SECRET, deviceToken: 'x' })).toBeUndefined()
  })
})

describe('a client without a device that knows the secret', () => {
  const ask = { auth: { token: SECRET }, scopes: ['operator.admin'] }

  test('has the scopes that it declares, and no token, when it is on this machine', async () => {
    await run(TOKEN)
    const { payload } = await without(ask)
    expect(payload?.auth).toEqual({ role: 'operator', scopes: ['operator.admin'] })
  })

  test('may list and approve for others, as shared-secret, and is heard as no device', async () => {
    const granted: unknown[] = []
    await run(TOKEN, { onEvent: (event) => granted.push(event) })
    const waiting = await withDevice({ auth: { token: SECRET } }, FORWARDED)
    const { requestId, digest } = waiting.error?.details ?? {}
    const { client } = await connectWithoutDevice(running.url, ask)
    const list = await client.request('device.pair.list')
    expect(list.payload?.pending).toMatchObject([{ requestId }])
    expect(await client.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
    const paired = (await client.request('device.pair.list')).payload?.paired
    expect(paired).toMatchObject([{ approvedVia: 'owner' }])
    expect(granted).toContainEqual(
      expect.objectContaining({
        kind: 'resolved',
        request: expect.objectContaining({ decidedBy: 'shared-secret' }),
      }),
    )
    client.close()
  })

  test.each<[string, Record<string, string>, Partial<GatewayOptions>, RunningGateway['peer']['status']]>([
    ['comes through a proxy that nobody named', FORWARDED, {}, 'same-user'],
    ['comes from a relay', {}, {}, 'relay'],
    ['acts for a page of this gateway', { Origin: 'own' }, {}, 'same-user'],
    [
      'acts for a page that the operator allowed',
      { Origin: 'https://page.example' },
      { locality: { allowedOrigins: ['https://page.example'] } },
      'same-user',
    ],
    ['may not be paired silently', {}, { silent: { mode: 'never' } }, 'same-user'],
    ['comes while no window is open', {}, { silent: { mode: 'window' } }, 'same-user'],
    ['asks for more than may be given silently', {}, { silent: { scopes: ['operator.read'] } }, 'same-user'],
    ['may not be newly paired silently', {}, { silent: { reasons: ['role-upgrade'] } }, 'same-user'],
    ['has not enough assurance', {}, { silent: { assurance: 'private-listener' } }, 'same-user'],
  ])('that %s is let in with no scopes, for what needs none', async (_what, headers, options, status) => {
    await run(TOKEN, options)
    running.peer.status = status
    const sent = headers.Origin === 'own' ? { Origin: `http://127.0.0.1:${running.port}` } : headers
    const { client, answer } = await connectWithoutDevice(running.url, ask, sent)
    expect(answer.payload?.auth).toEqual({ role: 'operator', scopes: [] })
    expect(await client.request('health')).toMatchObject({ ok: true })
    expect((await client.request('device.pair.list')).error).toMatchObject({
      code: 'FORBIDDEN',
      details: { code: 'MISSING_SCOPE', missingScope: 'operator.pairing' },
    })
    client.close()
  })

  test('cannot be anything but an operator', async () => {
    await run(TOKEN)
    const { error } = await without({ auth: { token: SECRET }, role: 'node', scopes: [] })
    expect(error).toMatchObject({ code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
    // And whoever does not know the secret learns nothing of that.
    expect((await without({ auth: { token: 'x' }, role: 'node', scopes: [] })).error?.details).toMatchObject({
      code: 'AUTH_TOKEN_MISMATCH',
    })
  })
})

describe('mode none', () => {
  test('needs a device, whatever else is sent', async () => {
    await run({ mode: 'none' })
    for (const auth of [{}, { token: SECRET }, { password: SECRET }, { deviceToken: 'x' }]) {
      const { error } = await without({ auth })
      expect(error).toMatchObject({ code: 'NOT_PAIRED', details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
    }
  })

  test('looks at no secret that a device sends', async () => {
    await run({ mode: 'none' })
    expect(await withDevice({ auth: { token: 'for-another-gateway' } })).toMatchObject({ ok: true })
    expect(await withDevice({ auth: { password: 'for-another-gateway' } })).toMatchObject({ ok: true })
  })
})

describe('the option auth', () => {
  const refusal = (auth: unknown): Promise<unknown> =>
    createGateway({ store: memoryStore(), auth: auth as AuthOptions }).then(
      () => 'accepted',
      (error: unknown) => error,
    )

  test.each<[unknown, string, string]>([
    [{ mode: 'token', tokn: SECRET }, 'OPTION_UNKNOWN', 'did you mean token?'],
    [{ mode: 'password', pasword: SECRET }, 'OPTION_UNKNOWN', 'did you mean password?'],
    [{ mode: 'none', token: SECRET }, 'OPTION_UNKNOWN', 'auth'],
    [{ mode: 'token', token: SECRET, password: SECRET }, 'OPTION_UNKNOWN', 'auth'],
    [{ mode: 'secret' }, 'OPTION_INVALID', 'none, token or password'],
    [{}, 'OPTION_INVALID', 'none, token or password'],
    ['token', 'OPTION_INVALID', 'none, token or password'],
    [null, 'OPTION_INVALID', 'none, token or password'],
    [{ mode: 'token' }, 'OPTION_INVALID', '16 to 512'],
    [{ mode: 'token', token: 'short' }, 'OPTION_INVALID', '16 to 512'],
    [{ mode: 'token', token: 'with-a-separator|in-it' }, 'OPTION_INVALID', '|'],
    [{ mode: 'password', password: '1234567' }, 'OPTION_INVALID', '8 to 512'],
    [{ mode: 'password', password: 'x'.repeat(513) }, 'OPTION_INVALID', '8 to 512'],
  ])('%j is refused: %s %s', async (auth, code, hint) => {
    await run({ mode: 'none' })
    expect(await refusal(auth)).toMatchObject({ code, message: expect.stringContaining(hint) as unknown })
  })
})
