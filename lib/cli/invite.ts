import type { Command } from 'commander'
import { callAsOwner, print, type CommonOptions } from './cli-context.ts'
import { collect } from './collect.ts'
import { describeInvitation } from './describe-invitation.ts'
import type { MadeInviteRecord } from './owner-records.ts'
import { readDuration } from './read-duration.ts'
import { readGatewayUrl } from './read-gateway-url.ts'
import { setupCode } from './setup-code.ts'
import { consoleLink } from './console-link.ts'

type InviteOptions = CommonOptions & {
  readonly role: string
  readonly scope?: readonly string[]
  readonly label?: string
  readonly expires: number
  readonly publicUrl?: string
  readonly qr?: boolean
}

const DEFAULT_SCOPES = ['operator.read', 'operator.write']

const AFTER_HELP = `
Whoever uses the invitation first gets what it promises, once. So say it to
nobody but the one you mean, and in a way that nobody reads along. The link
opens the console in a browser; the setup code is for other clients.

Examples:
  latchkey invite --label 'my phone' --public-url wss://gateway.example/gateway
  latchkey invite --role node --expires 1h`

export function addInvite(program: Command): void {
  program
    .command('invite')
    .description('make a one-time invitation: a setup code, a link and a QR code')
    .option('--role <role>', 'the role that it gives', 'operator')
    .option(
      '--scope <scope>',
      `a scope that it gives; repeat it (default for operators: ${DEFAULT_SCOPES.join(', ')})`,
      collect,
    )
    .option('--label <text>', 'for your own records')
    .option('--expires <time>', 'until when it can be used, at most 7d (default: 10m)', readDuration)
    .option('--public-url <url>', 'the gateway as the device reaches it (default: --url)', readGatewayUrl)
    .option('--qr', 'draw the QR code even when this is no terminal')
    .option('--no-qr', 'draw no QR code')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<InviteOptions>()
      const { role, label, expires: ttlMs, publicUrl = options.url } = options
      const scopes = options.scope ?? (role === 'operator' ? DEFAULT_SCOPES : [])
      const beyondOperator = scopes.filter((scope) => !scope.startsWith('operator.'))
      const params = { role, scopes, label, ttlMs }
      const made = (await callAsOwner(
        options,
        'device.invite.create',
        params,
        beyondOperator,
      )) as MadeInviteRecord
      const { bootstrapToken } = made
      const code = setupCode({ url: publicUrl, bootstrapToken })
      // The console is for operators.
      const link = role === 'operator' ? consoleLink(publicUrl, bootstrapToken) : null
      const isDrawn = options.qr ?? process.stdout.isTTY
      print(options, { ...made, url: publicUrl, setupCode: code, link }, () =>
        describeInvitation(made, { url: publicUrl, code, link, isDrawn }),
      )
    })
}
