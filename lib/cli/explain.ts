import { InvalidArgumentError, Option, type Command } from 'commander'
import type { ExplainOptions } from './explain/explain-request.ts'
import { KERNEL_ANSWERS } from './explain/kernel-answers.ts'
import { readHeaderFlag } from './explain/record-of-flags.ts'

/** These describe a request; with a file or a connection there is one already. */
const REQUEST_FLAGS = [
  ...['peer', 'localAddress', 'host', 'header', 'target', 'httpVersion', 'upgrade', 'listener', 'transport'],
  ...['kernel', 'process', 'uid', 'tainted', 'localSecret'],
]
const POLICY_FLAGS = ['trustProxy', 'forwardedBy', 'allowedOrigin', 'ownHost', 'dangerouslyTrustHeaders']

const AFTER_HELP = `
Without --file or --connection the flags describe the request, which is otherwise a plain one: peer
127.0.0.1, Host localhost:4747, target /. Of the kernel nothing is assumed.

Examples:
  latchkey explain --kernel same-user
  latchkey explain --header 'X-Forwarded-For: 203.0.113.7' --trust-proxy loopback
  latchkey explain --host 127.0.0.1:4747 --process nginx --uid 33
  latchkey explain --file recorded.json
  latchkey explain --connection 5f1c…`

export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('say why a client counts as local or not: rule by rule, and what to do')
    .option('--connection <id>', 'a connection of the running gateway')
    .option(
      '--file <file>',
      'a recorded request as JSON, or a log with one per line; - is the standard input',
    )
    .option('--line <number>', 'which one, when the file holds several', readPositive)
    .option('--peer <address>', 'address of the other end')
    .option('--local-address <address>', 'address of our end')
    .option('--host <host>', 'the Host header')
    .option('--no-host', 'send no Host')
    .option('--header <"Name: value">', 'a further header; repeat it', collectHeader)
    .option('--target <url>', 'the request target, such as /x; --url means the same here')
    .option('--http-version <version>', '1.0, 1.1 or 2.0')
    .option('--upgrade', 'the request asks for a WebSocket')
    .addOption(new Option('--listener <standing>', 'how the listener is marked').choices(['public', 'local']))
    .addOption(new Option('--transport <kind>', 'how it came').choices(['tcp', 'unix', 'private']))
    .addOption(new Option('--kernel <answer>', 'what the kernel says').choices(KERNEL_ANSWERS))
    .option('--process <name>', 'name of the process at the other end')
    .option('--uid <id>', 'user id of that process', readUserId)
    .option('--tainted', 'it was seen to speak for others')
    .option('--local-secret', 'it proved that it can read the secret file')
    .option('--trust-proxy <list>', 'the proxies in front, such as loopback or 10.0.0.5,10.0.0.6')
    .option('--forwarded-by <header>', 'x-forwarded-for or forwarded')
    .option('--allowed-origin <origin>', 'an origin whose pages may call; repeat it', collect)
    .option('--own-host <name>', 'a further name of this machine; repeat it', collect)
    .option('--dangerously-trust-headers', 'believe headers alone')
    .addHelpText('after', AFTER_HELP)
    .action(async () => {
      const options = command.optsWithGlobals<ExplainOptions>()
      checkTogether(command, options)
      // The other commands start faster without the rules.
      const { explain } = await import('./explain/explain-request.ts')
      await explain(isTarget(command, options) ? { target: options.url, ...options } : options)
    })
}

/** `--url` is the gateway's for every command; without a connection to ask for there is no gateway. */
function isTarget(command: Command, options: ExplainOptions): boolean {
  return options.connection === undefined && command.getOptionValueSourceWithGlobals('url') === 'cli'
}

function checkTogether(command: Command, options: ExplainOptions): void {
  const given = (names: readonly string[]): string | undefined =>
    names.find((name) => command.getOptionValueSource(name) === 'cli')
  const { connection, file } = options
  if (connection === undefined && file === undefined) {
    if (options.line !== undefined) command.error('error: --line needs --file', { exitCode: 2 })
    if (options.kernel === undefined && (options.process === undefined) !== (options.uid === undefined))
      command.error('error: without --kernel, --process and --uid need each other', { exitCode: 2 })
    return
  }
  const source = connection === undefined ? '--file' : '--connection'
  const superfluous = given([
    ...REQUEST_FLAGS,
    ...(connection === undefined ? [] : [...POLICY_FLAGS, 'file', 'line']),
  ])
  if (superfluous === undefined) return
  const flag = superfluous.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  command.error(`error: --${flag} cannot stand beside ${source}, which says it already`, { exitCode: 2 })
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

function collectHeader(
  text: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  return [...before, readHeaderFlag(text)]
}

function readUserId(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('Expected a numeric user id.')
  return Number(text)
}

function readPositive(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1.')
  return Number(text)
}
