import type { Command } from 'commander'
import { listDevices, print, type CommonOptions } from './cli-context.ts'
import { describeDevice } from './describe-device.ts'
import { findDevice } from './find-device.ts'

const AFTER_HELP = `
Examples:
  latchkey show '0123 4567 89ab cdef'
  latchkey show 01234567`

export function addShow(program: Command): void {
  program
    .command('show')
    .description('show all that is known of a device: who gave it what, when and why')
    .argument('<device>', 'its key, or the beginning of it: 8 hex digits or more')
    .addHelpText('after', AFTER_HELP)
    .action(async (given: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const device = findDevice(await listDevices(options, given), given)
      print(options, device, () => describeDevice(device))
    })
}
