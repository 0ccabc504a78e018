import { hostname } from 'node:os'
import path from 'node:path'
import type { Command } from 'commander'
import { connectGateway, loadDeviceIdentity } from '../client/index.ts'
import { LatchkeyError } from '../errors.ts'
import { print, type CommonOptions } from './cli-context.ts'
import { collect } from './collect.ts'
import { describeDevice } from './describe-device.ts'
import type { PairedRecord } from './owner-records.ts'
import { printable } from './printable.ts'
import { readSetupCode, type Setup } from './setup-code.ts'

type JoinOptions = CommonOptions & {
  readonly role: string
  readonly scope?: readonly string[]
  readonly identity?: string
  readonly name: string
}

const AFTER_HELP = `
Pairs this machine's key with the gateway that the setup code names, without
waiting for an approval. The key stays in --identity; \`latchkey call\` uses the
same one.

Examples:
  latchkey join eyJ1cmwiOi…
  latchkey join eyJ1cmwiOi… --role node --name 'cellar sensor'`

export function addJoin(program: Command): void {
  program
    .command('join')
    .description('redeem a setup code on this machine')
    .argument('<setup code>', 'from `latchkey invite` on the machine of the gateway')
    .option('--role <role>', 'the role to connect in: the one that the invitation gives', 'operator')
    .option(
      '--scope <scope>',
      'a scope to ask for at once; repeat it (default: what the invitation gives)',
      collect,
    )
    .option('--identity <file>', 'the key to use (default: caller.json in --home)')
    .option('--name <name>', 'how this device calls itself', hostname())
    .addHelpText('after', AFTER_HELP)
    .action(async (code: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<JoinOptions>()
      const setup = readSetupCode(code)
      const device = await redeem(options, setup)
      print(options, { url: setup.url, device }, () => {
        const isInvited = device.grants.some((grant) => grant.via === 'owner')
        const how = isInvited
          ? ''
          : '\nIt was let in because it is on the machine of the gateway; the invitation is still open.'
        return `Joined ${printable(setup.url)} as\n\n${describeDevice(device)}${how}`
      })
    })
}

async function redeem(options: JoinOptions, { url, bootstrapToken }: Setup): Promise<PairedRecord> {
  const { role, scope: scopes = [] } = options
  const identity = loadDeviceIdentity(options.identity ?? path.join(options.home, 'caller.json'))
  const client = { id: 'latchkey-cli', mode: 'cli', displayName: options.name }
  const timeoutMs = Number(options.timeout) * 1000
  const auth = { bootstrapToken }
  try {
    const connection = await connectGateway({ url, identity, role, scopes, client, timeoutMs, auth })
    try {
      const held = (await connection.request('device.self', {})) as { readonly device: PairedRecord }
      return held.device
    } finally {
      connection.close()
    }
  } catch (error) {
    throw withOtherRole(error, role) ?? error
  }
}

/** The invitation was good, and gave another role than the one that was asked for. */
function withOtherRole(error: unknown, role: string): LatchkeyError | null {
  if (!(error instanceof LatchkeyError) || error.code !== 'NOT_PAIRED') return null
  const { approvedRoles } = error.details ?? {}
  if (!Array.isArray(approvedRoles) || approvedRoles.length === 0 || approvedRoles.includes(role)) return null
  const roles = approvedRoles.map(String).join(', ')
  const message = `the invitation gives the role ${roles}, not ${role}; join with: --role ${String(approvedRoles[0])}`
  return new LatchkeyError('NOT_PAIRED', message, { cause: error })
}
