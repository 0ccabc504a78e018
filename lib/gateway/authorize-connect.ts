import { CLOSE } from '../protocol/index.ts'
import { admitWithoutDevice } from './admit-without-device.ts'
import { checkSecret } from './check-secret.ts'
import { decideConnect, type ConnectAnswer, type ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { ReadConnect } from './read-connect.ts'

/**
 * Asks for the shared secret, where there is one, before anything else. A client that sends nothing which
 * could be guessed is not limited: it gains nothing by trying.
 */
export async function authorizeConnect(
  core: GatewayCore,
  client: ConnectingClient,
  connect: ReadConnect,
): Promise<ConnectAnswer> {
  const { sharedSecret } = core
  const { device } = connect
  const asksForSecret = sharedSecret.mode !== 'none'
  if (!asksForSecret && device === null) return deviceRequired()
  if (!hasCredential(core, connect)) {
    if (asksForSecret || device === null) return sharedSecret.missing()
    return decideConnect(core, client, { ...connect, device, requiresToken: false })
  }

  const checked = await checkSecret(core, client, connect)
  if (checked.kind !== 'checked') return checked
  if (device === null)
    return connect.ask.role === 'operator' ? admitWithoutDevice(core, client, connect) : deviceRequired()
  const answer = await decideConnect(core, client, {
    ...connect,
    device,
    requiresToken: !checked.knowsSecret,
  })
  if (answer.kind === 'refuse' && answer.failure !== undefined) await checked.fail(answer.failure)
  return answer
}

/** Whether it sent anything that would be compared with something secret. */
function hasCredential({ sharedSecret }: GatewayCore, connect: ReadConnect): boolean {
  const ofDevice = connect.device !== null && (connect.token !== null || connect.bootstrapToken !== null)
  return ofDevice || sharedSecret.isGiven(connect.secret)
}

function deviceRequired(): ConnectAnswer {
  const details = { code: 'DEVICE_IDENTITY_REQUIRED' }
  const error = { code: 'NOT_PAIRED', message: 'device identity required', details }
  return { kind: 'refuse', error, closeCode: CLOSE.policy }
}
