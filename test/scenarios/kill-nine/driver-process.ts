import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { DriverLine, RoundOrder, RoundReport } from './ledger.ts'

export type DriverProcess = {
  /**
   * Drives the gateway until it has gone.
   *
   * @param onAnswer told how many answers there were so far
   */
  round(order: RoundOrder, onAnswer: (answers: number) => void): Promise<RoundReport>
  /** Ends it, in the middle of a round too. */
  stop(): Promise<void>
}

/** Runs `children/drive.ts`: one process for all rounds, which keeps what it has to ask again. */
export function startDriver(): DriverProcess {
  const program = path.join(import.meta.dirname, '../children/drive.ts')
  const args = ['--experimental-strip-types', '--no-warnings', program]
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env },
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async round(order, onAnswer) {
      child.stdin.write(`${JSON.stringify(order)}\n`)
      for (let answers = 1; ; answers += 1) {
        const { value, done } = await lines.next()
        if (done === true) throw new Error('the driver has ended')
        const line = JSON.parse(value) as DriverLine
        if ('report' in line) return line.report
        onAnswer(answers)
      }
    },
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
