import path from 'node:path'
import type { Command } from 'commander'
import { print, type CommonOptions } from './cli-context.ts'
import { refuseDatabase, storeOption, withChosenStore } from './store-place.ts'

type StoreOptions = CommonOptions & { readonly stateDir: string; readonly store?: string }

const BACKUP_HELP = `
The gateway may go on serving meanwhile. The copy holds who may come in and hashes of tokens; no key, no token.

A store in PostgreSQL is backed up with pg_dump: docs/stores.md.

Example:
  latchkey backup ~/backups/latchkey-monday.db`

const RESTORE_HELP = `
Stop the gateway first. What was decided after the backup was made is undone: devices that were removed since
come back. The store that was there is moved aside.

Example:
  latchkey restore ~/backups/latchkey-monday.db`

/** `latchkey backup` and `latchkey restore`: they work on the store's file, without a gateway. */
export function addBackup(program: Command): void {
  const defaultStateDir = process.env.LATCHKEY_STATE_DIR ?? '.latchkey'
  program
    .command('backup')
    .description('copy the store to a new file, also while the gateway serves')
    .argument('<file>', 'the copy; must not exist yet')
    .option('--state-dir <folder>', 'where the store is kept', defaultStateDir)
    .addOption(storeOption())
    .addHelpText('after', BACKUP_HELP)
    .action(async (target: string, _options: unknown, command: Command) => {
      const options = withChosenStore(command, command.optsWithGlobals<StoreOptions>())
      refuseDatabase(options.store, 'backup')
      const { backupStore } = await import('../store/index.ts')
      const isShown = process.stderr.isTTY && options.json !== true
      const backup = await backupStore(storeFile(options), target, ({ pages, ofPages }) => {
        if (isShown) process.stderr.write(`\r${pages} of ${ofPages} pages`)
      })
      if (isShown) process.stderr.write('\r\u001B[K')
      print(options, backup, () => `Copied to ${backup.file}: ${backup.bytes} bytes, checked in full.`)
    })

  program
    .command('restore')
    .description('put a backup in the place of the store; the gateway must be stopped')
    .argument('<file>', 'the backup')
    .option('--state-dir <folder>', 'where the store is kept', defaultStateDir)
    .addOption(storeOption())
    .addHelpText('after', RESTORE_HELP)
    .action(async (backup: string, _options: unknown, command: Command) => {
      const options = withChosenStore(command, command.optsWithGlobals<StoreOptions>())
      refuseDatabase(options.store, 'restore')
      const { restoreStore } = await import('../store/index.ts')
      const restored = await restoreStore(backup, storeFile(options))
      print(options, restored, () => {
        const before = restored.movedTo === null ? '' : `\nWhat was there is now ${restored.movedTo}.`
        return `Restored ${restored.file}.${before}`
      })
    })
}

function storeFile(options: StoreOptions): string {
  return path.join(options.stateDir, 'latchkey.db')
}
