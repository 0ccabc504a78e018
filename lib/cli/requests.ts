import type { Command } from 'commander'
import { listPairings, print, type CommonOptions } from './cli-context.ts'
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
      const list = await listPairings(options)
      print(options, list.pending, () => describeWaiting(list))
    })
}

/** All that waits, each request held against what its device has. */
export function describeWaiting({ pending, paired }: PairingList): string {
  if (pending.length === 0) return 'Nobody is waiting.'
  const deviceOf = (id: string) => paired.find((device) => device.deviceId === id)
  return pending.map((request) => describeRequest(request, deviceOf(request.deviceId))).join('\n\n')
}
