import { CLOSE } from '../protocol/index.ts'
import { admitWithoutDevice } from './admit-without-device.ts'
import { decideConnect, type ConnectAnswer, type ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { ReadConnect } from './read-connect.ts'

/**
 * Asks for the shared secret, where there is one, before anything else. A device may have a token of its own or
 * an invitation in its place; those are looked at with its pairing.
 */
export async function authorizeConnect(
  core: GatewayCore,
  client: ConnectingClient,
  connect: ReadConnect,
): Promise<ConnectAnswer> {
  const { sharedSecret } = core
  const { device } = connect
  const standing = sharedSecret.check(connect.secret)
  if (device !== null) {
    const hasOther = connect.token !== null || connect.bootstrapToken !== null
    if (standing === 'wrong' && !hasOther) return sharedSecret.wrong(true)
    return decideConnect(core, client, { ...connect, device, requiresToken: standing !== 'right' })
  }
  if (sharedSecret.mode === 'none') return deviceRequired()
  if (standing === 'missing') return sharedSecret.missing()
  return standing === 'wrong' ? sharedSecret.wrong(false) : admitWithoutDevice(core, client, connect)
}

function deviceRequired(): ConnectAnswer {
  const details = { code: 'DEVICE_IDENTITY_REQUIRED' }
  const error = { code: 'NOT_PAIRED', message: 'device identity required', details }
  return { kind: 'refuse', error, closeCode: CLOSE.policy }
}
