import { setTimeout as sleep } from 'node:timers/promises'
import { connectGateway, createDeviceIdentity, type GatewayConnection } from '../../lib/client/index.ts'

/** A connection that has ended, and how long after the revocation was asked for. */
export type Ended = { readonly afterMs: number; readonly code: number }

/** `a` decides, `b` has the connections. */
type Revocations = { readonly a: string; readonly b: string; readonly times: number }

type Device = { readonly deviceId: string; readonly connection: GatewayConnection }

/** One after the other, each when the one before has ended. */
export async function revokeInTurn({ a, b, times }: Revocations): Promise<Ended[]> {
  const owner = await connect(a, ['operator.admin'])
  const ended: Ended[] = []
  // The first ones find code that has not run yet.
  for (let n = -20; n < times; n += 1) {
    const one = await revoke(owner.connection, await connect(b, ['operator.read']), n)
    if (n >= 0) ended.push(one)
  }
  owner.connection.close()
  return ended
}

/** At about this interval, whatever has come of those before: so they fall anywhere between two looks at the store. */
export async function revokeEach({ a, b, times, everyMs, before = () => undefined }: Revocations & { everyMs: number; before?: () => void }): Promise<Ended[]> {
  const owner = await connect(a, ['operator.admin'])
  const devices: Device[] = []
  for (let n = 0; n < times; n += 1) devices.push(await connect(b, ['operator.read']))
  // By now the other gateway has seen all of them.
  await sleep(2000)
  before()
  const ending: Promise<Ended>[] = []
  for (const [n, device] of devices.entries()) {
    await sleep(2 * everyMs * Math.random())
    ending.push(revoke(owner.connection, device, n))
  }
  const ended = await Promise.all(ending)
  owner.connection.close()
  return ended
} // prettier-ignore

async function connect(url: string, scopes: string[]): Promise<Device> {
  const identity = createDeviceIdentity()
  const connection = await connectGateway({ url, identity, scopes, timeoutMs: 60_000 })
  return { deviceId: identity.deviceId, connection }
}

/** Removes every other device, and takes the token from the rest. */
async function revoke(owner: GatewayConnection, { deviceId, connection }: Device, n: number): Promise<Ended> {
  const askedAt = performance.now()
  const answered =
    n % 2 === 0
      ? owner.request('device.pair.remove', { deviceId })
      : owner.request('device.token.revoke', { deviceId, role: 'operator' })
  const { code } = await connection.closed
  const afterMs = performance.now() - askedAt
  await answered
  return { afterMs, code }
}
