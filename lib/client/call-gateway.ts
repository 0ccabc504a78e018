import { connectGateway, type ConnectOptions } from './gateway-connection.ts'

export type CallOptions = Omit<ConnectOptions, 'onEvent'> & { method: string; params?: unknown }

/**
 * One call on a connection of its own, with the least scopes that it needs. From the gateway's own machine it
 * never meets a prompt.
 *
 * @throws {LatchkeyError} as `connectGateway` and the answer
 */
export async function callGateway(options: CallOptions): Promise<unknown> {
  const { method, params, ...connect } = options
  const connection = await connectGateway(connect)
  try {
    return await connection.request(method, params)
  } finally {
    connection.close()
  }
}
