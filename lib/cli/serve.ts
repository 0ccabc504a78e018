import { InvalidArgumentError, type Command } from 'commander'
import type { ServeOptions } from './serve-gateway.ts'

export function addServe(program: Command): void {
  program
    .command('serve')
    .description(
      'run a gateway without an app of your own; WebSocket on / and /gateway, console on /gateway/console',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', parsePort, 4747)
    .option('--state-dir <folder>', 'where the store is kept', process.env.LATCHKEY_STATE_DIR ?? '.latchkey')
    .option('--socket <path>', 'a Unix socket too, for clients of this user alone')
    .option('--trust-proxy <list>', 'the proxies in front, such as loopback or 10.0.0.5,10.0.0.6')
    .option(
      '--allowed-origin <origin>',
      'an origin whose pages may call, such as https://gateway.example for the console behind a proxy; repeat it',
      (origin: string, before: readonly string[] | undefined) => [...(before ?? []), origin],
    )
    .action(async (_options: unknown, command: Command) => {
      // The other commands start faster without the gateway and its store.
      const { serveGateway } = await import('./serve-gateway.ts')
      await serveGateway(command.optsWithGlobals<ServeOptions>())
    })
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65535)) throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return port
}
