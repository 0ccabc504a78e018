import path from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { adviceOf, callGateway, CLI_SCOPES, loadDeviceIdentity, type PairingRequiredError } from '../client/index.ts' // prettier-ignore
import { authFromEnvironment, print, type CommonOptions } from './cli-context.ts'
import { printable } from './printable.ts'

type CallOptions = CommonOptions & {
  readonly scope?: readonly string[]
  readonly role: string
  readonly identity?: string
  readonly header: Readonly<Record<string, string>>
  readonly wait?: number
}

export function addCall(program: Command): void {
  program
    .command('call')
    .description('call a method of the gateway, as any local tool would')
    .argument('<method>', 'such as health')
    .argument('[params]', 'JSON', parseParams)
    .option(
      '--scope <scope>',
      `a scope that the call needs; repeat it (default: ${CLI_SCOPES.join(', ')})`,
      collectScope,
    )
    .option('--role <role>', 'the role to connect in', 'operator')
    .option('--identity <file>', 'the key to use (default: caller.json in --home)')
    .option(
      '--header <"Name: value">',
      'a further header of the upgrade request; repeat it',
      collectHeader,
      {},
    )
    .option('--wait <seconds>', 'how long to wait for the approval of the owner', parseSeconds)
    .action(async (method: string, params: unknown, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CallOptions>()
      const result = await callGateway({
        url: options.url,
        identity: loadDeviceIdentity(options.identity ?? path.join(options.home, 'caller.json')),
        role: options.role,
        scopes: options.scope ?? CLI_SCOPES,
        client: { id: 'latchkey-cli', mode: 'cli', displayName: 'latchkey call' },
        headers: options.header,
        auth: authFromEnvironment(),
        timeoutMs: Number(options.timeout) * 1000,
        method,
        params,
        ...(options.wait === undefined
          ? {}
          : { waitForApprovalMs: options.wait * 1000, onPairingRequired: tellWaiting }),
      })
      print(options, result, () => JSON.stringify(result, null, 2))
    })
}

/** On stderr, so that the output stays the answer alone. */
function tellWaiting(error: PairingRequiredError): void {
  console.error(`Waiting for the owner: ${printable(error.message)}`)
  for (const line of adviceOf(error)) console.error(`  ${printable(line)}`)
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() !== '' && seconds >= 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('Expected seconds, at most 86400 (a day).')
}

function parseParams(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new InvalidArgumentError(`Expected JSON, such as '{"name":"value"}': ${String(error)}`)
  }
}

function collectScope(scope: string, before: readonly string[] = []): readonly string[] {
  return [...before, scope]
}

function collectHeader(
  text: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text)
  if (match === null)
    throw new InvalidArgumentError(`Expected a header such as 'X-Forwarded-For: 203.0.113.7'.`)
  return { ...before, [match[1] ?? '']: match[2] ?? '' }
}
