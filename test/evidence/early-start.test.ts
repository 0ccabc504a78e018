import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, jest } from '@jest/globals'
import { localityJudge } from '../../lib/evidence/index.ts'
import { localityPolicy } from '../../lib/locality/index.ts'

// One that does not end by itself is ended, much later than any that does needs.
jest.setTimeout(90_000)
const specimen = path.join(import.meta.dirname, 'linux/specimens/early-start.ts')

describe('the look-up is prepared before the first request', () => {
  it('by the judge, when it has something to prepare', () => {
    let starts = 0
    const lookup = {
      name: 'counted',
      lookup: () => Promise.resolve({ status: 'unproven' as const }),
      close: () => Promise.resolve(),
    }
    localityJudge(localityPolicy({}), { ...lookup, start: () => void (starts += 1) })
    localityJudge(localityPolicy({}), lookup)
    expect(starts).toBe(1)
  })

  it.each([
    ['middleware', 1],
    ['two of them', 1],
    ['gateway', 1],
    ['closed look-up', 0],
  ])('and the process ends by itself: %s', async (shape, threads) => {
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--no-warnings', specimen, shape], { timeout: 60_000 })
    expect(stdout).toBe(`${threads}\n`)
  })
})
