import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'
import { fingerprint, printable, table } from './printable.ts'
import { readSince } from './read-duration.ts'
import { terminalOf } from './terminal.ts'

type Undone = {
  readonly deviceId: string
  readonly role: string
  readonly scopes: readonly string[]
  readonly grantedAtMs: number
}

const AFTER_HELP = `
Takes back every silent grant since then, of all devices, this command line's
own too. What an owner approved stays. A tool that is on this machine is paired
silently again when it next connects: correct the cause first, with \`latchkey
doctor\`.

Examples:
  latchkey undo-silent --since 2h
  latchkey undo-silent --since 2026-01-31T09:30:00Z`

export function addUndoSilent(program: Command): void {
  program
    .command('undo-silent')
    .description('take back what was granted silently since a time')
    .requiredOption('--since <time>', 'such as 2h (ago), or an ISO time', (text: string) => readSince(text))
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { since: number }>()
      const result = (await callAsOwner(options, 'device.grants.undo', { sinceMs: options.since })) as {
        grants: readonly Undone[]
      }
      print(options, result, () => {
        if (result.grants.length === 0) return 'Nothing was granted silently since then.'
        const rows = result.grants.map((grant) => [
          fingerprint(grant.deviceId),
          printable(grant.role),
          new Date(grant.grantedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
          grant.scopes.map(printable).join(', ') || '-',
        ])
        return `Taken back:\n${table(['key', 'role', 'granted', 'scopes'], rows, terminalOf())}`
      })
    })
}
