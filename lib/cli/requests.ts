import type { Command } from 'commander'
import { listRequests, print, type CommonOptions } from './cli-context.ts'
import { describeRequest } from './describe-request.ts'
import type { PairingList } from './owner-records.ts'

const AFTER_HELP = `
Example:
  latchkey requests`

export function addRequests(program: Command): void {
  program
    .command('requests')
    .description('list the devices that wait for your approval')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const list = await listRequests(options)
      print(options, list.pending, () => describeWaiting(list))
    })
}

/** All that waits, each request held against what its device has. */
export function describeWaiting({ pending, paired }: PairingList): string {
  if (pending.length === 0) return 'Nobody is waiting.'
  const devices = new Map(paired.map((device) => [device.deviceId, device]))
  return pending.map((request) => describeRequest(request, devices.get(request.deviceId))).join('\n\n')
}
