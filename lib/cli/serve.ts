import { InvalidArgumentError, type Command } from 'commander'
import { readGatewayUrl } from './read-gateway-url.ts'
import type { ServeOptions } from './serve-gateway.ts'
import { storeOption, withChosenStore } from './store-place.ts'

const AFTER_HELP = `
As long as no owner has approved anything, each start prints a link with which
the first owner can come from another machine: once, within 10 minutes. On this
machine it is not needed.

What --notify-url gets is signed with the secret of --notify-secret-file or
LATCHKEY_NOTIFY_SECRET: on a command line, everybody on the machine could see it.

Examples:
  latchkey serve
  latchkey serve --port 8080 --trust-proxy loopback --socket ./run/gateway.sock
  latchkey serve --config latchkey.config.mjs
  LATCHKEY_STORE_URL=postgres://… latchkey serve`

export function addServe(program: Command): void {
  program
    .command('serve')
    .description(
      'run a gateway without an app of your own; WebSocket on / and /gateway, console on /gateway/console',
    )
    .option('--config <file>', 'a module with the settings, from `latchkey init`; flags win')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes a free one', parsePort, 4747)
    .option('--state-dir <folder>', 'where the store is kept', process.env.LATCHKEY_STATE_DIR ?? '.latchkey')
    .addOption(storeOption())
    .option('--socket <path>', 'a Unix socket too, for clients of this user alone')
    .option('--trust-proxy <list>', 'the proxies in front, such as loopback or 10.0.0.5,10.0.0.6')
    .option(
      '--public-url <url>',
      'the gateway as others reach it, for the link of the first owner',
      readGatewayUrl,
    )
    .option('--no-owner-link', 'print no link for the first owner')
    .option(
      '--allowed-origin <origin>',
      'an origin whose pages may call, such as https://gateway.example for the console behind a proxy; repeat it',
      (origin: string, before: readonly string[] | undefined) => [...(before ?? []), origin],
    )
    .option('--notify-url <url>', 'a webhook that is told who waits, signed (secret: see below)')
    .option('--notify-secret-file <file>', 'the secret of that webhook: base64 of at least 24 bytes')
    .option('--notify-command <program>', 'a program that gets the same as JSON on its standard input')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      // The other commands start faster without the gateway and its store.
      const { serveGateway } = await import('./serve-gateway.ts')
      await serveGateway(await withConfig(command))
    })
}

/** The flags, and for what was not said with one, the file that `--config` names. */
async function withConfig(command: Command): Promise<ServeOptions> {
  const flags = command.optsWithGlobals<ServeOptions & { readonly config?: string }>()
  if (flags.config === undefined) return withChosenStore(command, flags)
  const { readServeConfig } = await import('./serve-config.ts')
  const config = await readServeConfig(flags.config)
  const isSaid = ([name]: [string, unknown]): boolean => command.getOptionValueSource(name) === 'cli'
  const said = Object.fromEntries(Object.entries(flags).filter(isSaid))
  return withChosenStore(command, { ...flags, ...config, ...said })
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65535)) throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return port
}
