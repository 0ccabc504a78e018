import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'
import { fingerprint } from './printable.ts'

const AFTER_HELP = `
Its key is told that too many requests are waiting, and you hear no more of it.

Example:
  latchkey ignore 5f1c…`

export function addIgnore(program: Command): void {
  program
    .command('ignore')
    .description('reject a request, and hear no more of its key')
    .argument('<id>', 'id of the request, from `latchkey requests`')
    .addHelpText('after', AFTER_HELP)
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const result = (await callAsOwner(options, 'device.pair.ignore', { requestId: id })) as {
        deviceId: string
      }
      print(
        options,
        result,
        () => `Ignored. Take it back with: latchkey unignore '${fingerprint(result.deviceId)}'`,
      )
    })
}
