import type { Command } from 'commander'
import { callAsOwner, listDevices, print, type CommonOptions } from './cli-context.ts'
import { findDevice } from './find-device.ts'
import { fingerprint, printable } from './printable.ts'

const AFTER_HELP = `
Your name takes the place of the one that the device gives itself.

Example:
  latchkey rename '0123 4567 89ab cdef' 'kitchen tablet'`

export function addRename(program: Command): void {
  program
    .command('rename')
    .description('give a device a name of your own')
    .argument('<device>', 'its key, or the beginning of it: 8 hex digits or more')
    .argument('<name>', 'at most 64 characters')
    .addHelpText('after', AFTER_HELP)
    .action(async (given: string, label: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const { deviceId } = findDevice(await listDevices(options, given), given)
      const result = (await callAsOwner(options, 'device.pair.rename', { deviceId, label })) as {
        label: string
      }
      print(options, result, () => `Key ${fingerprint(deviceId)} is now called "${printable(result.label)}".`)
    })
}
