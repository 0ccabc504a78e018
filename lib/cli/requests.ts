import type { Command } from 'commander'
import { listPairings, print, type CommonOptions } from './cli-context.ts'
import type { PendingRecord } from './owner-records.ts'
import { duration, fingerprint, printable } from './printable.ts'

export function addRequests(program: Command): void {
  program
    .command('requests')
    .description('list the devices that wait for your approval')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const { pending } = await listPairings(options)
      print(options, pending, () =>
        pending.length === 0 ? 'Nobody is waiting.' : pending.map(describeRequest).join('\n\n'),
      )
    })
}

/** What the owner has to know, the key's fingerprint beside the name: anybody can choose a name. */
export function describeRequest(request: PendingRecord): string {
  const now = Date.now()
  const name = request.displayName === undefined ? 'no name' : `"${printable(request.displayName)}"`
  const kind = [request.clientId, request.platform].filter((part) => part !== undefined).map(printable)
  const lines = [
    `Request ${request.requestId}`,
    `  device   ${name} (${kind.join(', ')}), key ${fingerprint(request.deviceId)}`,
    `  asks     ${request.roles.map(printable).join(', ')}: ${request.scopes.map(printable).join(', ') || 'no scopes'}`,
    `  because  ${request.reason}; from ${request.remoteIp ?? 'an unknown address'} (${request.locality.reason})`,
    `  waiting  ${duration(now - request.ts)}, expires in ${duration(request.expiresAtMs - now)}`,
    `  approve  latchkey approve ${request.requestId} --digest ${request.digest}`,
  ]
  return lines.join('\n')
}
