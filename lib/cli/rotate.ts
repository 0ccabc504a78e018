import type { Command } from 'commander'
import { callAsOwner, listDevices, print, type CommonOptions } from './cli-context.ts'
import { collect } from './collect.ts'
import { findDevice } from './find-device.ts'
import { fingerprint, printable } from './printable.ts'

type RotateOptions = CommonOptions & { readonly role: string; readonly scope?: readonly string[] }

const AFTER_HELP = `
The device gets its new token when it next connects; nobody else gets to see it.
With --scope the role is cut down to these scopes for good, and its connections
end.

Examples:
  latchkey rotate '0123 4567 89ab cdef' --role operator
  latchkey rotate 01234567 --role operator --scope operator.read`

export function addRotate(program: Command): void {
  program
    .command('rotate')
    .description('replace the token of a device, or cut down what it may do')
    .argument('<device>', 'its key, or the beginning of it: 8 hex digits or more')
    .requiredOption('--role <role>', 'the role that the token is for')
    .option('--scope <scope>', 'keep this scope alone; repeat it', collect)
    .addHelpText('after', AFTER_HELP)
    .action(async (given: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RotateOptions>()
      const { role, scope: scopes } = options
      const { deviceId } = findDevice(await listDevices(options, given), given)
      const params = { deviceId, role, ...(scopes === undefined ? {} : { scopes }) }
      const result = (await callAsOwner(options, 'device.token.rotate', params)) as {
        scopes: readonly string[]
      }
      const holds = result.scopes.map(printable).join(', ') || 'no scopes'
      print(options, result, () => [
        `Key ${fingerprint(deviceId)} gets a new token when it next connects as ${printable(role)};`,
        `the old one is valid until the new one was used. It holds ${holds}.`,
      ].join('\n')) // prettier-ignore
    })
}
