import type { Command } from 'commander'
import { CliExit, EXIT } from './exit-codes.ts'
import { isInteractive, openPrompt } from './prompt.ts'

/** Goes on when the word `yes` is typed, or was given as `--yes`; ends the command otherwise. */
export async function confirm(command: Command, question: string, isGiven: boolean): Promise<void> {
  if (isGiven) return
  if (!isInteractive())
    command.error(`error: ${question} Say --yes: there is nobody to ask.`, { exitCode: EXIT.usage })
  const prompt = openPrompt()
  try {
    if ((await prompt.ask(`${question} Type yes: `)).toLowerCase() === 'yes') return
  } finally {
    prompt.close()
  }
  console.error('Nothing was decided.')
  throw new CliExit(EXIT.failed)
}
