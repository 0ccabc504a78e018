import type { Command } from 'commander'
import { listDevices, print, type CommonOptions } from './cli-context.ts'
import type { PairedRecord } from './owner-records.ts'
import { duration, fingerprint, printable, table } from './printable.ts'
import { terminalOf, type Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

const HEADER = ['key', 'name', 'roles', 'approved', 'ends', 'tokens', 'seen']
const INDENT = ' '.repeat(21)
const AFTER_HELP = `
APPROVED says how and when: by an owner, or silently because it was on this
machine. ENDS is when the first of its approvals is over, TOKENS how many are
valid. The scopes stand below; * marks a name that mixes alphabets.

Examples:
  latchkey devices
  latchkey devices --json`

export function addDevices(program: Command): void {
  program
    .command('devices')
    .description('list the paired devices')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      const paired = await listDevices(options)
      print(options, paired, () =>
        paired.length === 0 ? 'No device is paired.' : describeDevices(paired, terminalOf()),
      )
    })
}

function describeDevices(paired: readonly PairedRecord[], terminal: Terminal): string {
  const now = Date.now()
  const rows = paired.map((device) => row(device, now))
  const [header = '', ...lines] = table(HEADER, rows, terminal).split('\n')
  const below = paired.map((device) => {
    const scopes = device.scopes.map(printable).join(', ') || 'no scopes'
    return wrapped(scopes, 80, INDENT).map((line) => terminal.paint('faint', line))
  })
  return [header, ...lines.flatMap((line, index) => [line, ...(below[index] ?? [])])].join('\n')
}

function row(device: PairedRecord, now: number): string[] {
  const { approvedAtMs, lastSeenAtMs } = device
  const ends = device.grants.map((grant) => grant.expiresAtMs).filter((end) => end !== undefined)
  const first = Math.min(...ends)
  const valid = device.tokens.filter(
    ({ revokedAtMs, expiresAtMs }) => revokedAtMs === undefined && (expiresAtMs ?? Infinity) > now,
  )
  const name = printable(device.displayName ?? device.clientId ?? '-')
  return [
    fingerprint(device.deviceId),
    device.nameWarning === undefined ? name : `* ${name}`,
    device.roles.map(printable).join(',') || '-',
    printable(device.approvedVia) + (approvedAtMs === undefined ? '' : ` ${duration(now - approvedAtMs)}`),
    ends.length === 0 ? '-' : first <= now ? 'over' : duration(first - now),
    String(valid.length),
    device.connected ? 'now' : lastSeenAtMs === undefined ? 'never' : `${duration(now - lastSeenAtMs)} ago`,
  ]
}
