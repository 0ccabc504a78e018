import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'

const AFTER_HELP = `
Example:
  latchkey reject 5f1c… --reason 'nobody here knows it'`

export function addReject(program: Command): void {
  program
    .command('reject')
    .description('reject a request')
    .argument('<id>', 'id of the request, from `latchkey requests`')
    .option('--reason <text>', 'for your own records')
    .addHelpText('after', AFTER_HELP)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { reason?: string }>()
      const { reason } = options
      const params = { requestId: id, ...(reason === undefined ? {} : { reason }) }
      const result = await callAsOwner(options, 'device.pair.reject', params)
      print(options, result, () => 'Rejected.')
    })
}
