import path from 'node:path'
import { connectGateway, loadDeviceIdentity, type GatewayConnection } from '../../client/index.ts'
import { LatchkeyError } from '../../errors.ts'
import { authFromEnvironment, type CommonOptions } from '../cli-context.ts'
import { red, type Finding } from './finding.ts'

/** The doctor's connection, as the owner. */
export type OwnerLink = {
  readonly connId: string
  /** `undefined` when the gateway does not know the method or cannot answer. */
  ask(method: string, params?: object): Promise<unknown>
  close(): void
}

/** The connection, or the finding that says why there is none. */
export async function openOwnerLink(options: CommonOptions): Promise<OwnerLink | Finding> {
  try {
    const connection = await connectGateway({
      url: options.url,
      identity: loadDeviceIdentity(path.join(options.home, 'owner.json')),
      scopes: ['operator.admin'],
      client: { id: 'latchkey-cli', mode: 'cli', displayName: 'latchkey doctor' },
      auth: authFromEnvironment(),
      timeoutMs: Number(options.timeout) * 1000,
    })
    return linkOf(connection)
  } catch (error) {
    return failure(options.url, error)
  }
}

function linkOf(connection: GatewayConnection): OwnerLink {
  const known = connection.hello.features.methods
  return {
    connId: connection.hello.server.connId,
    async ask(method, params) {
      if (!known.includes(method)) return undefined
      return connection.request(method, params).catch(() => undefined)
    },
    close: () => connection.close(),
  }
}

function failure(url: string, error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof LatchkeyError && error.code === 'NOT_PAIRED') {
    const { reason, advice } = (error.details?.locality ?? {}) as Record<string, unknown>
    const why = typeof reason === 'string' ? ` (${reason})` : ''
    const then = typeof advice === 'string' ? advice : 'Approve it: latchkey requests.'
    return red('gateway', `${url} lets even this machine's owner wait${why}`, then)
  }
  if (error instanceof LatchkeyError && error.code === 'GATEWAY_UNREACHABLE')
    return red('gateway', message, 'Start it, or name it: --url ws://127.0.0.1:4747/gateway.')
  return red('gateway', message, 'Is --url that of a Latchkey gateway of this version?')
}
