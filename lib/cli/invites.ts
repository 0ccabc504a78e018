import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'
import { approverName } from './describe-request.ts'
import type { InviteRecord } from './owner-records.ts'
import { duration, fingerprint, printable } from './printable.ts'
import { terminalOf, type Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

const AFTER_HELP = `
Those that wait to be used, and those that ended within the last day. Their
tokens are shown once, by \`invite\`.

Example:
  latchkey invites`

export function addInvites(program: Command): void {
  program
    .command('invites')
    .description('list the invitations')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const { invites } = (await callAsOwner(options, 'device.invite.list', {})) as {
        invites: InviteRecord[]
      }
      print(options, invites, () => {
        if (invites.length === 0) return 'There is no invitation.'
        return invites.map((invite) => describe(invite, terminalOf())).join('\n\n')
      })
    })
}

function describe(invite: InviteRecord, { paint }: Terminal): string {
  const now = Date.now()
  const label = invite.label === null ? '' : ` "${printable(invite.label)}"`
  const gives = invite.asks.map(({ role, scopes }) => {
    const names = scopes.map(printable).join(', ') || 'no scopes'
    return `${printable(role)} with ${names}`
  })
  const made = `made ${duration(now - invite.createdAtMs)} ago by ${approverName(invite.createdBy)}`
  return [
    paint('strong', `Invitation ${printable(invite.inviteId)}`) + label,
    ...wrapped(`gives ${gives.join(' and ')}; ${made}`, 80, '  '),
    `  ${standing(invite, now)}`,
  ].join('\n')
}

function standing({ usedBy, usedAtMs, expiresAtMs }: InviteRecord, now: number): string {
  if (usedBy !== null) return `used by key ${fingerprint(usedBy)} ${duration(now - (usedAtMs ?? now))} ago`
  return expiresAtMs <= now ? 'over, nobody used it' : `open for ${duration(expiresAtMs - now)}`
}
