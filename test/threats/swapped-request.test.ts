import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { memoryStore } from '../../lib/store/index.ts'
import { runGateway } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'

test('threat 2: a device that asks for more between the list and the click gets nothing by it', async () => {
  const store = memoryStore()
  const running = await runGateway({ store })
  const phone = createDeviceIdentity()
  const ask = async (scopes: string[], displayName = 'phone'): Promise<void> => {
    const { client } = await connectAs(running.url, phone, { scopes, client: { displayName } }, FORWARDED)
    client.close()
  }
  const { client: owner } = await admittedAs(running.url, createDeviceIdentity(), {
    scopes: ['operator.admin'],
  })
  const shown = async (): Promise<Record<string, unknown>> => {
    const { payload } = await owner.request('device.pair.list')
    return (payload?.pending as Record<string, unknown>[])[0] ?? {}
  }

  await ask(['operator.read'])
  const seen = await shown()
  await ask(['operator.admin'])
  for (const digest of [seen.digest, undefined]) {
    const answer = await owner.request('device.pair.approve', { requestId: seen.requestId, digest })
    expect(answer.error).toMatchObject({
      code: 'REQUEST_SUPERSEDED',
      details: { addedScopes: ['operator.admin'] },
    })
  }
  // The digest that was seen does not fit the request that took its place either, nor does a guess of "latest".
  const now = await shown()
  for (const params of [{ requestId: now.requestId, digest: seen.digest }, { requestId: 'latest' }])
    expect(await owner.request('device.pair.approve', params)).toMatchObject({ ok: false })
  expect(await store.transaction((tx) => tx.grants(phone.deviceId))).toEqual([])

  // A covered retry under another name changes nothing of what is shown.
  await ask(['operator.read'], 'the owner’s laptop')
  expect(await shown()).toEqual(now)
  const { requestId, digest } = now
  expect(await owner.request('device.pair.approve', { requestId, digest })).toMatchObject({ ok: true })
  owner.close()
  await running.close()
})

test('threat 3: a request from elsewhere is not merged into what the same key gets at home, nor the other way', async () => {
  const store = memoryStore()
  const running = await runGateway({ store })
  const tool = createDeviceIdentity()
  const far = await connectAs(running.url, tool, { scopes: ['operator.admin'] }, FORWARDED)
  const near = await admittedAs(running.url, tool, { scopes: ['operator.read'] })
  const grants = await store.transaction((tx) => tx.grants(tool.deviceId))
  expect(grants.map(({ via, scopes }) => [via, scopes])).toEqual([['silent', ['operator.read']]])
  const again = await connectAs(running.url, tool, { scopes: ['operator.read'] }, FORWARDED)
  expect(again.answer.error?.details).toMatchObject({
    requestId: far.answer.error?.details?.requestId,
    digest: far.answer.error?.details?.digest,
  })
  for (const { client } of [far, near, again]) client.close()
  await running.close()
})
