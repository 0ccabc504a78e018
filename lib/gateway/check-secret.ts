import type { AuthFailure } from './auth-failures.ts'
import { deviceBucket, gateFor, type Gate } from './auth-buckets.ts'
import { rateLimited, tokenMismatch } from './credential-refusal.ts'
import type { ConnectRefusal, ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { ReadConnect } from './read-connect.ts'

/** What came of the shared secret, with where a failure of the other credentials counts. */
export type CheckedSecret = {
  readonly kind: 'checked'
  readonly knowsSecret: boolean
  fail(reason: AuthFailure): Promise<void>
}

/**
 * Compares what the client sent with the shared secret, unless too many have failed before: then right and
 * wrong ones get the same answer. A paired device may have a token of its own in its place, and any device an
 * invitation; those are looked at with its pairing.
 *
 * Looking, comparing and counting are one step, so no number of clients at a time gets more comparisons than
 * allowed. Only paired devices that send a token or an invitation along are counted later.
 */
export async function checkSecret(
  core: GatewayCore,
  client: ConnectingClient,
  connect: ReadConnect,
): Promise<CheckedSecret | ConnectRefusal | { readonly kind: 'gone' }> {
  const { authFailures, service, sharedSecret } = core
  const { device, bootstrapToken, token } = connect
  let paired: Promise<boolean> | null = null
  const isPaired = (): Promise<boolean> =>
    (paired ??= device === null ? Promise.resolve(false) : service.isPaired(device.id))

  async function fail(gate: Gate, reason: AuthFailure): Promise<void> {
    const own = device !== null && (await isPaired()) ? [deviceBucket(device.id)] : []
    await authFailures.count([...gate.count, ...own], reason)
  }

  async function compare(gate: Gate): Promise<CheckedSecret | ConnectRefusal | null> {
    if ((await authFailures.usedUpForMs(gate.look)) !== null) return null
    const standing = sharedSecret.check(connect.secret)
    const hasOther = async (): Promise<boolean> =>
      bootstrapToken !== null || (token !== null && (await isPaired()))
    if (standing === 'right' || (await hasOther()))
      return { kind: 'checked', knowsSecret: standing === 'right', fail: (reason) => fail(gate, reason) }
    await fail(gate, standing === 'wrong' ? 'shared-secret' : 'device-token')
    if (device === null || token === null) return sharedSecret.wrong(device !== null)
    // It has a token and holds nothing that this could be the token of.
    return tokenMismatch('unknown')
  }

  // Known before the turn, which must not wait for the store.
  if (device !== null && sharedSecret.mode !== 'none') await isPaired()
  for (;;) {
    const gate = await gateFor(core, client, connect, isPaired)
    if (client.isOver()) return { kind: 'gone' }
    if ('waitMs' in gate) {
      // A token of a device that holds nothing is not even looked at: nothing is to be guessed here.
      if (sharedSecret.mode === 'none' && bootstrapToken === null && !(await isPaired()))
        return { kind: 'checked', knowsSecret: true, fail: () => Promise.resolve() }
      return rateLimited(core, gate.waitMs)
    }
    // Used up in between: it may still be one to whom another bucket is open.
    const checked = await authFailures.inTurn(() => compare(gate))
    if (checked !== null) return checked
  }
}
