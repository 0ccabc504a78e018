import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { LatchkeyError } from '../errors.ts'
import { addApprove } from './approve.ts'
import { addAudit } from './audit.ts'
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
  5 the gateway cannot be reached, 6 the request has changed since it was shown,
  7 the audit log was tampered with.

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
    addAudit,
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
    console.log(
      JSON.stringify({ error: { code: known?.code ?? 'FAILED', message, details: known?.details } }, null, 2),
    )
  } else {
    console.error(message.split('\n').map(printable).join('\n'))
    for (const line of adviceLines(known)) console.error(`  ${printable(line)}`)
  }
  return known === null ? EXIT.failed : exitCodeOf(known.code)
}

function adviceLines(error: LatchkeyError | null): string[] {
  const details = error?.details as
    | {
        remediationHint?: unknown
        locality?: { reason?: unknown; advice?: unknown }
        addedScopes?: unknown
        requestId?: unknown
      }
    | undefined
  const lines: string[] = []
  if (typeof details?.remediationHint === 'string') lines.push(details.remediationHint)
  if (typeof details?.locality?.reason === 'string')
    lines.push(`Not seen as local: ${details.locality.reason}`)
  if (typeof details?.locality?.advice === 'string') lines.push(details.locality.advice)
  if (error?.code === 'REQUEST_SUPERSEDED') {
    lines.push(
      `New request: ${String(details?.requestId)}; it adds: ${JSON.stringify(details?.addedScopes ?? [])}`,
    )
  }
  return lines
}
