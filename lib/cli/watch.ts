import type { Command } from 'commander'
import type { CommonOptions } from './cli-context.ts'

const AFTER_HELP = `
One line for each event, then all that waits. It connects again when the
connection is lost, and ends with Ctrl-C. With --json each line is an object:
{"type":"pending"|"event"|"connected"|"disconnected","ts":…,…}.

Examples:
  latchkey watch
  latchkey watch --json | jq -c 'select(.type == "event")'`

export function addWatch(program: Command): void {
  program
    .command('watch')
    .description('show requests and decisions as they come')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const { watchGateway } = await import('./watch-gateway.ts')
      await watchGateway(command.optsWithGlobals<CommonOptions>())
      // It was asked to stop: an attempt to connect that may be under way must not keep it alive.
      process.stdout.write('', () => process.exit(0))
    })
}
