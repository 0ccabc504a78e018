import type { ConnectAnswer, ConnectingClient } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'
import type { ReadConnect } from './read-connect.ts'

/**
 * Lets in a client without a key that knew the shared secret. It gets the operator scopes that it declares when
 * it is eligible for silent pairing and acts for no page; from anywhere else it gets none.
 */
export async function admitWithoutDevice(
  core: GatewayCore,
  client: ConnectingClient,
  connect: ReadConnect,
): Promise<ConnectAnswer> {
  const verdict = await core.judge.judge(client.request, { upgrade: true, fresh: true })
  if (client.isOver()) return { kind: 'gone' }
  const { role, scopes } = connect.ask
  const actsForPage = client.request.headers.origin !== undefined
  const isTrusted = role === 'operator' && !actsForPage && core.service.mayPairSilently(verdict, connect.ask)
  const authority = { kind: 'shared-secret', scopes: isTrusted ? scopes : [] } as const
  return { kind: 'admit', authority, verdict, newToken: null, untilMs: null, atSeq: 0, entry: null }
}
