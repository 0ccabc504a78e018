import { createInterface } from 'node:readline'
import { CliExit, EXIT } from './exit-codes.ts'

/** Asks whoever sits at the terminal. */
export type Prompt = {
  /** @throws {CliExit} when the input ends */
  ask(question: string): Promise<string>
  close(): void
}

/** True when somebody can be asked. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY
}

/** The terminal itself edits the line, so that nothing but text is written here. */
export function openPrompt(): Prompt {
  const reader = createInterface({ input: process.stdin, terminal: false })
  const lines = reader[Symbol.asyncIterator]()
  return {
    async ask(question) {
      process.stdout.write(question)
      const line = await lines.next()
      if (line.done !== true) return line.value.trim()
      console.error('\nNothing was decided.')
      throw new CliExit(EXIT.failed)
    },
    close: () => reader.close(),
  }
}
