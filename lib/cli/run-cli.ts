import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { adviceOf, PairingRequiredError } from '../client/index.ts'
import { LatchkeyError } from '../errors.ts'
import { addApprove } from './approve.ts'
import { addCall } from './call.ts'
import { defaultHome, DEFAULT_URL } from './cli-context.ts'
import { addDevices } from './devices.ts'
import { addDoctor } from './doctor.ts'
import { CliExit, EXIT, exitCodeOf } from './exit-codes.ts'
import { addExplain } from './explain.ts'
import { printable } from './printable.ts'
import { addReject } from './reject.ts'
import { addRequests } from './requests.ts'
import { addServe } from './serve.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }

const AFTER_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 pairing required, 4 forbidden,
  5 the gateway cannot be reached, 6 the request has changed since it was shown.

Environment: LATCHKEY_URL and LATCHKEY_HOME for --url and --home; LATCHKEY_TOKEN or LATCHKEY_PASSWORD when
  the gateway asks for a shared secret.

Examples:
  latchkey serve
  latchkey call health
  latchkey requests
  latchkey approve 5f1c… --digest 9a3e…
  latchkey explain --header 'X-Forwarded-For: 203.0.113.7'
  latchkey doctor https://gateway.example`

/** Runs the command line; resolves with the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const program = new Command('latchkey')
    .description('A gateway that pairs local clients silently and makes everybody else wait for you.')
    .version(version)
    .option('--url <url>', 'the gateway', process.env.LATCHKEY_URL ?? DEFAULT_URL)
    .option('--home <folder>', 'where this command line keeps its own keys', defaultHome())
    .option('--timeout <seconds>', 'how long to wait for an answer', '30')
    .option('--json', 'print JSON')
    .addHelpText('after', AFTER_HELP)
    .exitOverride()
  for (const add of [
    addServe,
    addRequests,
    addDevices,
    addApprove,
    addReject,
    addCall,
    addExplain,
    addDoctor,
  ])
    add(program)
  for (const command of program.commands) command.exitOverride().option('--json', 'print JSON')

  try {
    await program.parseAsync(args, { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CliExit) return error.exitCode
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return report(error, args.includes('--json'))
  }
}

/** Says what went wrong and what to do about it. */
function report(error: unknown, json: boolean): number {
  const known = error instanceof LatchkeyError ? error : null
  const message = error instanceof Error ? error.message : String(error)
  if (json) {
    const verificationCode = error instanceof PairingRequiredError ? error.verificationCode : undefined
    const told = { code: known?.code ?? 'FAILED', message, verificationCode, details: known?.details }
    console.log(JSON.stringify({ error: told }, null, 2))
  } else {
    console.error(message.split('\n').map(printable).join('\n'))
    for (const line of adviceOf(error)) console.error(`  ${printable(line)}`)
  }
  return known === null ? EXIT.failed : exitCodeOf(known.code)
}
