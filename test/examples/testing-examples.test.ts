import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, jest, test } from '@jest/globals'

// Each is a test run of its own, with attacks of some thousand requests, and vitest compiles first.
jest.setTimeout(300_000)

const root = path.resolve(import.meta.dirname, '../..')

function run(args: readonly string[]): Promise<{ code: number; output: string }> {
  // Nothing of this test runner may reach the one of the example.
  const ours = ['NODE_OPTIONS', 'JEST_WORKER_ID', 'NODE_TEST_CONTEXT', 'NODE_ENV']
  const rest = Object.entries(process.env).filter(([name]) => !ours.includes(name))
  const env = { ...Object.fromEntries(rest), CI: 'true', NO_COLOR: '1' }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

describe('the examples of tests pass, run as their first line says', () => {
  test.each([
    ['test-with-supertest/app.test.js', /Tests: +7 passed, 7 total/],
    ['test-with-vitest/notes.test.js', /Tests +3 passed \(3\)/],
    ['test-with-node-test/notes.test.js', /^. pass 4$/m],
  ])('%s', async (file, passed) => {
    const [first = ''] = readFileSync(path.join(root, 'examples', file), 'utf8').split('\n')
    const [, command = ''] = /^\/\/ Run it with: node (.*)$/.exec(first) ?? []
    const { code, output } = await run(command.split(' '))
    expect([code, output]).toEqual([0, expect.stringMatching(passed)])
  })
})
