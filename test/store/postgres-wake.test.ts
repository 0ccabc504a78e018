import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PairingStore } from '../../lib/pairing/pairing-store.ts'
import { postgresStore } from '../../lib/store/postgres/index.ts'
import { startPostgres, type OwnPostgresServer } from '../postgres-server.ts'

jest.setTimeout(120_000)

let server: OwnPostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres({ fsync: 'off' })
  url = await server.database()
})
afterAll(() => server.stop())

const addEvent = (store: PairingStore) =>
  store.transaction((tx) => tx.addEvent({ atMs: 1, node: 'n', payload: '{}' }))
const open = (schema: string) =>
  postgresStore({ connectionString: url, schema, applicationName: `test ${schema}` })

/** Counts, and tells when there is more. */
function counter() {
  let count = 0
  const waiting = new Set<() => void>()
  const until = async (wanted: number): Promise<void> => {
    while (count < wanted) await new Promise<void>((resolve) => waiting.add(resolve))
  }
  return {
    add: (): void => {
      count += 1
      for (const resolve of waiting) resolve()
      waiting.clear()
    },
    until,
    get count() {
      return count
    },
  }
}

const listening = () =>
  server.query<{ pid: number; application_name: string }>(
    url,
    "select pid, application_name from pg_stat_activity where query like 'listen %'",
  )

async function untilListening(wanted: number): Promise<void> {
  while ((await listening()).length !== wanted) await sleep(20)
}

test('an event of another process wakes, and only once it is committed', async () => {
  const [here, there] = [await open('wake'), await open('wake')]
  const woken = counter()
  const off = here.onWake?.(woken.add)
  await woken.until(1)
  let before = 0
  await there.transaction(async (tx) => {
    before = woken.count
    await tx.addEvent({ atMs: 1, node: 'n', payload: '{}' })
    await sleep(100)
    expect(woken.count).toBe(before)
  })
  await woken.until(before + 1)
  const seen = woken.count
  const failing = there.transaction(async (tx) => {
    await tx.addEvent({ atMs: 1, node: 'n', payload: '{}' })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await there.transaction((tx) => tx.putSetting('k', 'v'))
  await sleep(200)
  expect(woken.count).toBe(seen)
  off?.()
  await addEvent(there)
  await sleep(200)
  expect(woken.count).toBe(seen)
  await Promise.all([here.close(), there.close()])
})

test('another schema does not wake', async () => {
  const [here, there] = [await open('one'), await open('other')]
  const woken = counter()
  here.onWake?.(woken.add)
  await woken.until(1)
  await addEvent(there)
  await sleep(200)
  expect(woken.count).toBe(1)
  await Promise.all([here.close(), there.close()])
})

test('a connection that is cut comes back, and wakes since something may have been missed', async () => {
  const [here, there] = [await open('cut'), await open('cut')]
  const woken = counter()
  here.onWake?.(woken.add)
  await woken.until(1)
  for (let round = 0; round < 3; round += 1) {
    await untilListening(1)
    const before = woken.count
    await server.query(
      url,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %'",
    )
    await woken.until(before + 1)
    await untilListening(1)
    const connected = woken.count
    await addEvent(there)
    await woken.until(connected + 1)
  }
  await Promise.all([here.close(), there.close()])
  await untilListening(0)
})

test('a server that is stopped for a while is found again', async () => {
  const here = await open('stopped')
  const woken = counter()
  here.onWake?.(woken.add)
  await woken.until(1)
  await server.halt('fast')
  await sleep(1000)
  await server.start()
  await woken.until(2)
  await here.close()
})

test('nothing listens before somebody asks for it, nor with `listen: false`', async () => {
  const quiet = await postgresStore({ connectionString: url, schema: 'quiet', listen: false })
  expect(quiet.onWake).toBeUndefined()
  const unasked = await open('quiet')
  await addEvent(unasked)
  expect(await listening()).toEqual([])
  await Promise.all([quiet.close(), unasked.close()])
})
