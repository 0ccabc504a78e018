import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { readToEnd, tcp, upgradeText } from './raw-upgrade.ts'
import { runGateway } from './running-gateway.ts'
import { admittedAs, connectAs } from './signed-connect.ts'

test('what is under way is answered, what is new is refused, then the clients are told when to come back', async () => {
  const running = await runGateway({ limits: { restartSpreadMs: 60_000 } })
  let finish: (value: string) => void = () => undefined
  running.gateway.method('slow', { scope: null }, () => new Promise((resolve) => (finish = resolve)))
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  client.send({ type: 'req', id: 'slow', method: 'slow' })
  await client.request('health')
  const closing = running.gateway.close()
  expect((await client.request('health')).error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  const socket = await tcp(running.port)
  socket.write(upgradeText('/gateway'))
  const upgrade = await readToEnd(socket)
  expect(upgrade).toContain('503 Service Unavailable')
  expect(upgrade).toContain('Retry-After: 1')
  finish('done')
  expect(await client.next()).toMatchObject({ id: 'slow', ok: true, payload: 'done' })
  const { payload } = await client.event('shutdown')
  expect(payload).toEqual({ reason: 'restart', restartExpectedMs: expect.any(Number) })
  expect(await client.closed).toEqual({ code: 1012, reason: 'the gateway is closing' })
  await closing
  await running.close()
})

test('what takes too long is not waited for', async () => {
  const running = await runGateway({ limits: { drainMs: 50 } })
  running.gateway.method('never', { scope: null }, () => new Promise(() => undefined))
  const { client } = await admittedAs(running.url, createDeviceIdentity())
  client.send({ type: 'req', id: 'n', method: 'never' })
  await client.request('health')
  await running.gateway.close()
  expect((await client.closed).code).toBe(1012)
  await running.close()
})

test('a decision that is under way is finished and kept', async () => {
  let answer: () => void = () => undefined
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>((resolve) => (isAsked = resolve))
  const running = await runGateway({
    approve: () =>
      new Promise((resolve) => {
        answer = () => resolve('approve')
        isAsked()
      }),
  })
  const { resolved } = await watched(running.url, asked)
  const closing = running.gateway.close()
  answer()
  await closing
  expect(await resolved).toBe(1012)
  await running.close()
})

async function watched(url: string, asked: Promise<void>): Promise<{ resolved: Promise<number> }> {
  const connecting = connectAs(url, createDeviceIdentity(), {}, { 'X-Forwarded-For': '203.0.113.7' })
  await asked
  const resolved = connecting.then(
    async ({ client }) => (await client.closed).code,
    (error: unknown) => Number(/\d{4}/.exec(String(error))?.[0]),
  )
  return { resolved }
}
