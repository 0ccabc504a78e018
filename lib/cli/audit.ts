import { InvalidArgumentError, type Command } from 'commander'
import type { ListOptions } from './audit/list-audit.ts'
import type { AuditFileOptions, VerifyOptions } from './audit/verify-log.ts'
import { storeOption, withChosenStore } from './store-place.ts'

const AFTER_HELP = `
Exit codes of verify: 0 the log is as it was written, 7 it was tampered with (or nobody signed it).

Examples:
  latchkey audit --limit 50
  latchkey audit --device 4f2a --kind request-approved
  latchkey audit verify
  latchkey audit head > /media/elsewhere/head.json
  latchkey audit verify --head /media/elsewhere/head.json`

export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('show what was decided: when, by whom, about which device, and why')
    .option('--limit <number>', 'how many entries', readPositive, 20)
    .option('--after <seq>', 'those after this entry, in place of the newest', readSeq)
    .option('--device <id>', 'those that name this device: its id, or how its id begins')
    .option('--kind <kind>', 'those of this kind, such as silent-grant')
    .addHelpText('after', AFTER_HELP)
    .action(async (_options: unknown, command: Command) => {
      const { listAudit } = await import('./audit/list-audit.ts')
      await listAudit(command.optsWithGlobals<ListOptions>())
    })

  withStateDir(audit.command('verify'))
    .description('look whether the log is as it was written; reads the store itself, without a gateway')
    .option(
      '--key <key>',
      'the public key to trust, or a file that has it (default: ~/.latchkey/audit/key.json)',
    )
    .option('--head <file>', 'a head that you kept elsewhere (default: the one beside the key)')
    .action(async (_options: unknown, command: Command) => {
      const { verifyLog } = await import('./audit/verify-log.ts')
      await verifyLog(withChosenStore(command, command.optsWithGlobals<VerifyOptions>()))
    })

  withStateDir(audit.command('head'))
    .description('print the signed end of the log as JSON, to be kept where this machine cannot change it')
    .action(async (_options: unknown, command: Command) => {
      const { printHead } = await import('./audit/verify-log.ts')
      await printHead(withChosenStore(command, command.optsWithGlobals<AuditFileOptions>()))
    })

  audit
    .command('accept')
    .description(
      'after the log was changed and you know why: sign it from here on. The log keeps that you did',
    )
    .action(async (_options: unknown, command: Command) => {
      const { acceptLog } = await import('./audit/accept-log.ts')
      await acceptLog(command.optsWithGlobals<ListOptions>())
    })
}

function withStateDir(command: Command): Command {
  const fallback = process.env.LATCHKEY_STATE_DIR ?? '.latchkey'
  return command.option('--state-dir <folder>', 'where the store is kept', fallback).addOption(storeOption())
}

function readPositive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 999999.')
  return Number(text)
}

function readSeq(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected the number of an entry, 0 or more.')
  return Number(text)
}
