import type { Command } from 'commander'
import { listPairings, print, type CommonOptions } from './cli-context.ts'
import { duration, fingerprint, printable, table } from './printable.ts'

export function addDevices(program: Command): void {
  program
    .command('devices')
    .description('list the paired devices')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const { paired } = await listPairings(options)
      print(options, paired, () => {
        if (paired.length === 0) return 'No device is paired.'
        const rows = paired.map((device) => [
          fingerprint(device.deviceId),
          printable(device.displayName ?? device.clientId ?? '-').slice(0, 20),
          device.roles.map(printable).join(','),
          device.approvedVia,
          device.connected ? 'now' : seen(device.lastSeenAtMs),
          device.scopes.map(printable).join(',') || '-',
        ])
        return table(['key', 'name', 'roles', 'paired', 'seen', 'scopes'], rows)
      })
    })
}

function seen(lastSeenAtMs: number | undefined): string {
  return lastSeenAtMs === undefined ? 'never' : `${duration(Date.now() - lastSeenAtMs)} ago`
}
