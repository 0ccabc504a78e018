import type { Command } from 'commander'
import { connectGateway, type GatewayConnection } from '../client/index.ts'
import { LatchkeyError } from '../errors.ts'
import { asOwner, print, type CommonOptions } from './cli-context.ts'
import { consoleLink, isLoopbackUrl } from './console-link.ts'
import { canOpenBrowser, openInBrowser } from './open-browser.ts'
import type { InviteRecord, MadeInviteRecord } from './owner-records.ts'
import { fingerprint } from './printable.ts'

const TTL_MS = 2 * 60_000
const LOOK_EVERY_MS = 500

const AFTER_HELP = `
Makes an invitation for operator.admin that works once, within two minutes, and
opens the owner's console with it. For a browser on the machine of the gateway
alone: --url has to be a loopback address.

Examples:
  latchkey open
  latchkey open --print`

export function addOpen(program: Command): void {
  program
    .command('open')
    .description("open the owner's console in a browser on this machine")
    .option('--print', 'print the link instead; whoever opens it first is let in')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { print?: boolean }>()
      if (!isLoopbackUrl(options.url) || consoleLink(options.url, 'x') === null) {
        const message = `${options.url} is not on this machine: its owner's console opens with an invitation, see \`latchkey invite --help\``
        throw new LatchkeyError('INVALID_REQUEST', message)
      }
      const connection = await connectGateway(asOwner(options))
      try {
        await open(options, connection)
      } finally {
        connection.close()
      }
    })
}

async function open(
  options: CommonOptions & { print?: boolean },
  connection: GatewayConnection,
): Promise<void> {
  const params = {
    role: 'operator',
    scopes: ['operator.admin'],
    ttlMs: TTL_MS,
    label: 'browser on this machine',
  }
  const made = (await connection.request('device.invite.create', params)) as MadeInviteRecord
  const { inviteId, expiresAtMs, bootstrapToken } = made
  const link = consoleLink(options.url, bootstrapToken)
  if (link === null)
    throw new LatchkeyError('REFUSED', 'the gateway made an invitation without a usable token')
  if (options.print === true || options.json === true || !canOpenBrowser()) {
    print(options, { link, inviteId, expiresAtMs }, () => link)
    return
  }
  const opened = openInBrowser(link, options.home)
  try {
    console.log('Opening the console in your browser; `latchkey open --print` prints the link instead.')
    const usedBy = await Promise.race([used(connection, made), opened.failed])
    if (usedBy === null)
      throw new LatchkeyError('TIMEOUT', 'no browser has used the link, and it is over now')
    console.log(`A browser was let in: key ${fingerprint(usedBy)}.`)
  } finally {
    opened.remove()
  }
}

/** Resolves with the key that used the invitation; with `null` when its time is over. */
async function used(
  connection: GatewayConnection,
  { inviteId, expiresAtMs }: MadeInviteRecord,
): Promise<string | null> {
  while (Date.now() < expiresAtMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    const { invites } = (await connection.request('device.invite.list', {})) as { invites: InviteRecord[] }
    const usedBy = invites.find((invite) => invite.inviteId === inviteId)?.usedBy ?? null
    if (usedBy !== null) return usedBy
  }
  return null
}
