import { spawn } from 'node:child_process'
import path from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { sqliteStore } from '../../lib/store/index.ts'
import { runCli, scratchFolder } from './cli-process.ts'

// Dozens of processes are started and killed.
jest.setTimeout(180_000)

let folder: ReturnType<typeof scratchFolder>
beforeEach(() => {
  folder = scratchFolder()
})
afterEach(() => {
  folder.remove()
})

const env = (): Record<string, string> => ({ LATCHKEY_HOME: path.join(folder.path, 'home') })
const file = (): string => path.join(folder.path, 'latchkey.db')

type Deciding = { lines: string[]; kill: () => void; ended: Promise<number | null>; heard: (count: number) => Promise<void> } // prettier-ignore

function decide(name: string, ...times: string[]): Deciding {
  const script = path.join(import.meta.dirname, 'children', 'decide-until-killed.ts')
  const flags = ['--experimental-strip-types', '--no-warnings', script, file(), name, ...times]
  const child = spawn(process.execPath, flags, { env: { ...process.env, ...env() }, stdio: ['ignore', 'pipe', 'inherit'] }) // prettier-ignore
  const lines: string[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  child.stdout.on('data', (chunk: Buffer) => {
    lines.push(...chunk.toString('utf8').split('\n').filter((line) => line !== '')) // prettier-ignore
    for (const wait of waiting) if (lines.length >= wait.count) wait.resolve()
  })
  return {
    lines,
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    heard: (count) =>
      new Promise((resolve) => {
        if (lines.length >= count) resolve()
        else waiting.push({ count, resolve })
      }),
  }
}

async function verify(): Promise<{ code: number; report: { entries: number; problems: unknown[] } }> {
  const result = await runCli(['audit', 'verify', '--state-dir', folder.path, '--json'], env())
  return { code: result.code, report: JSON.parse(result.stdout) as never }
}

test('a process that is killed in the middle of its decisions leaves a log that is whole, 20 times', async () => {
  let decided = 0
  for (let round = 0; round < 20; round += 1) {
    const child = decide(`round ${round}`)
    await child.heard(1 + Math.floor(Math.random() * 20))
    child.kill()
    await child.ended
    decided += child.lines.filter((line) => line.startsWith('decided')).length
    expect(child.lines.filter((line) => line.startsWith('doubt'))).toEqual([])
    if (round % 5 !== 4) continue
    const { code, report } = await verify()
    expect([code, report.problems]).toEqual([0, []])
    // What was said to be decided is in it; what was committed and not yet said may be, too.
    expect(report.entries).toBeGreaterThanOrEqual(decided)
    expect(report.entries).toBeLessThanOrEqual(decided + round + 1)
  }
})

test('three processes that decide at the same time write one log', async () => {
  await (await sqliteStore(file())).close()
  const children = ['a', 'b', 'c'].map((name) => decide(name, '40'))
  expect(await Promise.all(children.map((child) => child.ended))).toEqual([0, 0, 0])
  expect(children.flatMap(({ lines }) => lines.filter((line) => line.startsWith('doubt')))).toEqual([])
  const { code, report } = await verify()
  expect([code, report]).toMatchObject([0, { entries: 120, problems: [] }])
})
