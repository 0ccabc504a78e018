import path from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { callGateway, loadDeviceIdentity } from '../client/index.ts'
import { print, type CommonOptions } from './cli-context.ts'

type CallOptions = CommonOptions & {
  readonly scope?: readonly string[]
  readonly role: string
  readonly identity?: string
  readonly header: Readonly<Record<string, string>>
}

const DEFAULT_SCOPES = ['operator.read', 'operator.write']

export function addCall(program: Command): void {
  program
    .command('call')
    .description('call a method of the gateway, as any local tool would')
    .argument('<method>', 'such as health')
    .argument('[params]', 'JSON', parseParams)
    .option(
      '--scope <scope>',
      `a scope that the call needs; repeat it (default: ${DEFAULT_SCOPES.join(', ')})`,
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
    .action(async (method: string, params: unknown, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CallOptions>()
      const result = await callGateway({
        url: options.url,
        identity: loadDeviceIdentity(options.identity ?? path.join(options.home, 'caller.json')),
        role: options.role,
        scopes: options.scope ?? DEFAULT_SCOPES,
        client: { id: 'latchkey-cli', mode: 'cli', displayName: 'latchkey call' },
        headers: options.header,
        timeoutMs: Number(options.timeout) * 1000,
        method,
        params,
      })
      print(options, result, () => JSON.stringify(result, null, 2))
    })
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
