import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { adviceOf, PairingRequiredError } from '../client/index.ts'
import { LatchkeyError } from '../errors.ts'
import { addApprove } from './approve.ts'
import { addAudit } from './audit.ts'
import { addBackup } from './backup.ts'
import { addCall } from './call.ts'
import { defaultHome, DEFAULT_URL } from './cli-context.ts'
import { addCompletion } from './completion.ts'
import { addDevices } from './devices.ts'
import { addDoctor } from './doctor.ts'
import { CliExit, EXIT, exitCodeOf } from './exit-codes.ts'
import { addExplain } from './explain.ts'
import { addIgnore } from './ignore.ts'
import { addInit } from './init.ts'
import { addInvite } from './invite.ts'
import { addInvites } from './invites.ts'
import { addJoin } from './join.ts'
import { addOpen } from './open.ts'
import { printable, printableJson } from './printable.ts'
import { addReject } from './reject.ts'
import { addRename } from './rename.ts'
import { addRequests } from './requests.ts'
import { addRevoke } from './revoke.ts'
import { addRotate } from './rotate.ts'
import { addServe } from './serve.ts'
import { addShow } from './show.ts'
import { addUndoSilent } from './undo-silent.ts'
import { addUnignore } from './unignore.ts'
import { addUninvite } from './uninvite.ts'
import { addWatch } from './watch.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }

const AFTER_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 pairing required, 4 forbidden,
  5 the gateway cannot be reached, 6 the request has changed since it was shown,
  7 the audit log was tampered with.

Environment: LATCHKEY_URL and LATCHKEY_HOME for --url and --home; LATCHKEY_TOKEN
  or LATCHKEY_PASSWORD when the gateway asks for a shared secret.
A <device> is the beginning of its key as it is printed, at least 8 hex digits.

Examples:
  latchkey serve                              # a gateway of its own
  latchkey call health                        # as any local tool would
  latchkey approve                            # shows who waits, and asks
  latchkey approve 5f1c… --digest 9a3e…       # the same in a script
  latchkey invite --public-url wss://gateway.example/gateway
  latchkey explain --header 'X-Forwarded-For: 203.0.113.7'
  latchkey doctor https://gateway.example

latchkey <command> --help has more.`

/** Each command under its heading, in the order of the help. */
const GROUPS: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'Gateway:': [addInit, addServe, addOpen, addDoctor, addExplain, addAudit],
  'Who waits:': [addRequests, addWatch, addApprove, addReject, addIgnore, addUnignore],
  'Who is paired:': [addDevices, addShow, addRename, addRotate, addRevoke, addUndoSilent],
  'Invitations:': [addInvite, addInvites, addUninvite, addJoin],
  'Tools:': [addCall, addBackup, addCompletion],
}

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
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(heading)
    for (const add of commands) add(program)
  }
  program.helpCommand('help [command]', 'show the help of a command')
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
    console.log(printableJson({ error: told }))
  } else {
    console.error(message.split('\n').map(printable).join('\n'))
    for (const line of adviceOf(error)) console.error(`  ${printable(line)}`)
  }
  return known === null ? EXIT.failed : exitCodeOf(known.code)
}
