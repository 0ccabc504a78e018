import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { callGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { countingStore } from './counting-store.ts'
import { runGateway, type RunningGateway } from './running-gateway.ts'
import { admittedAs, connectAs, FORWARDED, type Ask } from './signed-connect.ts'

let running: RunningGateway
beforeEach(async () => {
  running = await runGateway()
})
afterEach(() => running.close())

const reasonOf = async (...args: Parameters<typeof connectAs>): Promise<unknown> => {
  const { client, answer } = await connectAs(...args)
  client.close()
  return answer.ok === true ? 'admitted' : answer.error?.details?.reason
}

describe('a local client', () => {
  test('never meets a prompt: first pairing, another role, more scopes', async () => {
    const identity = createDeviceIdentity()
    const asks: Ask[] = [
      { scopes: [] },
      { scopes: ['operator.read'] },
      { scopes: ['operator.admin'] },
      { role: 'node', scopes: [] },
      { role: 'node', scopes: ['camera.snap'] },
    ]
    for (const ask of asks) expect(await reasonOf(running.url, identity, ask)).toBe('admitted')
  })

  test('makes 50 calls with five least-privilege scopes, at the same time and in any order', async () => {
    const identity = createDeviceIdentity()
    const scopes = [
      'operator.admin',
      'operator.write',
      'operator.read',
      'operator.pairing',
      'operator.approvals',
    ]
    const calls = Array.from({ length: 50 }, (_, i) =>
      callGateway({ url: running.url, identity, scopes: [scopes[i % 5] ?? ''], method: 'health' }),
    )
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ ok: true })
  })

  test('is asked about anew for each grant, and not when it holds what it asks for', async () => {
    const identity = createDeviceIdentity()
    await reasonOf(running.url, identity, { scopes: ['operator.read'] })
    await reasonOf(running.url, identity, { scopes: ['operator.write'] })
    expect(running.peer.lookups).toBe(2)
  })

  test('is not asked about when the owner has approved what it asks for', async () => {
    const identity = createDeviceIdentity()
    const owner = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    const away = await connectAs(running.url, identity, {}, FORWARDED)
    const { requestId } = away.answer.error?.details ?? {}
    await owner.client.request('device.pair.approve', { requestId })
    const before = running.peer.lookups
    expect(await reasonOf(running.url, identity)).toBe('admitted')
    expect(running.peer.lookups).toBe(before)
    owner.client.close()
  })

  test.each(['other-user', 'relay', 'outbound', 'unproven'] as const)(
    'whose process is %s is not paired',
    async (status) => {
      running.peer.status = status
      expect(await reasonOf(running.url, createDeviceIdentity())).toBe('not-paired')
    },
  )

  test('whose look-up throws or rejects is not paired', async () => {
    for (const lookup of [
      () => {
        throw new Error('no')
      },
      () => Promise.reject(new Error('no')),
    ]) {
      const peerLookup = { name: 'broken', lookup, close: () => Promise.resolve() }
      const broken = await runGateway({ peerLookup })
      expect(await reasonOf(broken.url, createDeviceIdentity())).toBe('not-paired')
      await broken.close()
    }
  })

  test('that goes while the kernel is asked leaves no trace in the store', async () => {
    const { store, count } = countingStore()
    let answer: () => void = () => undefined
    const peerLookup = {
      name: 'slow',
      lookup: () =>
        new Promise<{ status: 'same-user' }>((resolve) => {
          answer = () => {
            resolve({ status: 'same-user' })
          }
        }),
      close: () => Promise.resolve(),
    }
    const slow = await runGateway({ store, peerLookup })
    const before = count.writes
    const identity = createDeviceIdentity()
    const connecting = connectAs(slow.url, identity)
    connecting.catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await slow.gateway.close()
    answer()
    await expect(connecting).rejects.toThrow('closed: 1012')
    expect(count.writes).toBe(before)
    await slow.close()
  })
})

describe('a silent grant', () => {
  test('is honoured from here only', async () => {
    const identity = createDeviceIdentity()
    expect(await reasonOf(running.url, identity)).toBe('admitted')
    expect(await reasonOf(running.url, identity, {}, FORWARDED)).toBe('remote-use')
    expect(await reasonOf(running.url, identity)).toBe('admitted')
  })

  test('shows a stranger with the same key nothing of what it holds', async () => {
    const identity = createDeviceIdentity()
    await reasonOf(running.url, identity, { scopes: ['operator.admin'] })
    const { client, answer } = await connectAs(running.url, identity, {}, FORWARDED)
    expect(answer.error?.details).not.toHaveProperty('approvedRoles')
    expect(answer.error?.details).not.toHaveProperty('approvedScopes')
    client.close()
  })

  test('is neither blocked by a request from elsewhere nor merged with it', async () => {
    const identity = createDeviceIdentity()
    const away = await connectAs(running.url, identity, { scopes: ['operator.admin'] }, FORWARDED)
    const { hello, client } = await admittedAs(running.url, identity, { scopes: ['operator.read'] })
    expect(hello.auth).toMatchObject({ scopes: ['operator.read'] })
    const owner = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    const { payload } = await owner.client.request('device.pair.list')
    const paired = (payload?.paired as Record<string, unknown>[]).find(
      ({ deviceId }) => deviceId === identity.deviceId,
    )
    expect(paired).toMatchObject({ scopes: ['operator.read'], approvedScopes: [], approvedVia: 'silent' })
    expect(payload?.pending).toMatchObject([
      { requestId: away.answer.error?.details?.requestId, scopes: ['operator.admin'] },
    ])
    client.close()
    owner.client.close()
  })
})

describe('options narrow it', () => {
  test.each<[string, object, Ask, string]>([
    ['never', { mode: 'never' }, {}, 'not-paired'],
    ['a closed window', { mode: 'window' }, {}, 'not-paired'],
    ['only upgrades', { reasons: ['scope-upgrade'] }, {}, 'not-paired'],
    ['a ceiling that is kept', { scopes: ['operator.write'] }, { scopes: ['operator.read'] }, 'admitted'],
    ['a ceiling that is not', { scopes: ['operator.write'] }, { scopes: ['operator.admin'] }, 'not-paired'],
    ['more assurance than there is', { assurance: 'local-secret' }, {}, 'not-paired'],
  ])('%s', async (_what, silent, ask, expected) => {
    const narrow = await runGateway({ silent })
    expect(await reasonOf(narrow.url, createDeviceIdentity(), ask)).toBe(expected)
    await narrow.close()
  })

  test('an open window pairs; a closed one does not', async () => {
    const windowed = await runGateway({ silent: { mode: 'window' } })
    windowed.gateway.openPairingWindow(60_000)
    expect(await reasonOf(windowed.url, createDeviceIdentity())).toBe('admitted')
    windowed.gateway.openPairingWindow(0)
    expect(await reasonOf(windowed.url, createDeviceIdentity())).toBe('not-paired')
    await windowed.close()
  })
})
