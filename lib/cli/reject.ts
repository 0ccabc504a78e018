import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'

export function addReject(program: Command): void {
  program
    .command('reject')
    .description('reject a request')
    .argument('<id>', 'id of the request, from `latchkey requests`')
    .option('--reason <text>', 'for your own records')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { reason?: string }>()
      const { reason } = options
      const params = { requestId: id, ...(reason === undefined ? {} : { reason }) }
      const result = await callAsOwner(options, 'device.pair.reject', params)
      print(options, result, () => 'Rejected.')
    })
}
