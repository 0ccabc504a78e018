import type { Command } from 'commander'
import { callAsOwner, listDevices, print, type CommonOptions } from './cli-context.ts'
import { confirm } from './confirm.ts'
import { findDevice, nameAndKey } from './find-device.ts'
import { fingerprint, printable } from './printable.ts'

type RevokeOptions = CommonOptions & { readonly role?: string; readonly yes?: boolean }

const AFTER_HELP = `
With --role it loses the token of that role and all that it holds in it.
Without, it is removed with all that it holds and asks for. Either way its
connections end at once. A device that is on this machine can pair silently
again; one from elsewhere has to ask you.

Examples:
  latchkey revoke '0123 4567 89ab cdef' --role node
  latchkey revoke 01234567 --yes`

export function addRevoke(program: Command): void {
  program
    .command('revoke')
    .description('take a role from a device, or remove the device')
    .argument('<device>', 'its key, or the beginning of it: 8 hex digits or more')
    .option('--role <role>', 'this role alone')
    .option('--yes', 'remove the device without asking')
    .addHelpText('after', AFTER_HELP)
    .action(async (given: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RevokeOptions>()
      const device = findDevice(await listDevices(options, given), given)
      const { deviceId } = device
      const { role } = options
      if (role !== undefined) {
        const result = await callAsOwner(options, 'device.token.revoke', { deviceId, role })
        print(
          options,
          result,
          () => `Key ${fingerprint(deviceId)} no longer has the role ${printable(role)}.`,
        )
        return
      }
      await confirm(command, `Remove ${nameAndKey(device)}, with all that it holds?`, options.yes === true)
      const result = await callAsOwner(options, 'device.pair.remove', { deviceId })
      print(options, result, () => `Removed key ${fingerprint(deviceId)}.`)
    })
}
