import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'
import { approverName } from './describe-request.ts'
import { findDevice, nameAndKey } from './find-device.ts'
import type { IgnoredRecord } from './owner-records.ts'
import { duration } from './printable.ts'

const AFTER_HELP = `
Examples:
  latchkey unignore                         # lists the keys that are ignored
  latchkey unignore '0123 4567 89ab cdef'`

export function addUnignore(program: Command): void {
  program
    .command('unignore')
    .description('hear of an ignored key again; without one, list them')
    .argument('[device]', 'its key, or the beginning of it: 8 hex digits or more')
    .addHelpText('after', AFTER_HELP)
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const { ignored } = (await callAsOwner(options, 'device.pair.ignored', {})) as {
        ignored: IgnoredRecord[]
      }
      if (given === undefined) {
        print(options, ignored, () => ignored.map(line).join('\n') || 'Nobody is ignored.')
        return
      }
      const { deviceId } = findDevice(ignored, given, 'ignored')
      const result = await callAsOwner(options, 'device.pair.unignore', { deviceId })
      print(options, result, () => 'It may ask again.')
    })
}

function line(record: IgnoredRecord): string {
  const since = duration(Date.now() - record.ignoredAtMs)
  return `${nameAndKey(record)}: ignored ${since} ago by ${approverName(record.ignoredBy)}`
}
