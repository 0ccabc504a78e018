import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { LatchkeyError } from '../errors.ts'
import { print, type CommonOptions } from './cli-context.ts'
import { CONFIG_TEMPLATE } from './config-template.ts'

const AFTER_HELP = `
Every setting stands in the file as a comment, with its default. It never replaces a file.

Example:
  latchkey init
  latchkey serve --config latchkey.config.mjs`

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a commented configuration for `latchkey serve --config`')
    .argument('[file]', 'where to', 'latchkey.config.mjs')
    .addHelpText('after', AFTER_HELP)
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>()
      await writeFile(file, CONFIG_TEMPLATE, { flag: 'wx', mode: 0o644 }).catch((error: unknown) => {
        const { code, message } = error as NodeJS.ErrnoException
        const why = code === 'EEXIST' ? 'it exists already, and was left as it is' : message
        throw new LatchkeyError('OPTION_INVALID', `${path.resolve(file)} cannot be written: ${why}`, {
          cause: error,
        })
      })
      print(
        options,
        { file: path.resolve(file) },
        () => `Wrote ${file}. Start with: latchkey serve --config ${file}`,
      )
    })
}
