import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'

const AFTER_HELP = `
One that was used stays used: revoke the device instead.

Example:
  latchkey uninvite 7d1c…`

export function addUninvite(program: Command): void {
  program
    .command('uninvite')
    .description('take an invitation back')
    .argument('<id>', 'id of the invitation, from `latchkey invites`')
    .addHelpText('after', AFTER_HELP)
    .action(async (inviteId: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const result = await callAsOwner(options, 'device.invite.revoke', { inviteId })
      print(options, result, () => 'Taken back: nobody can use it any more.')
    })
}
