import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'

const cwd = path.resolve(import.meta.dirname, '../..')

describe('the look-up of the platform', () => {
  it.each([
    ['linux', 'proc'],
    ['darwin', 'lsof'],
    ['win32', 'none'],
    ['freebsd', 'none'],
  ])('on %s is %s, one per process', async (platform, name) => {
    const code = `Object.defineProperty(process, 'platform', { value: '${platform}' })
      const { platformPeerLookup: lookup } = await import('./lib/evidence/platform-lookup.ts')
      const { sign = '' } = lookup().name === 'none' ? await lookup().lookup({}, { peerUsers: [] }) : {}
      console.log(lookup().name, lookup() === lookup(), sign)`
    const args = ['--no-warnings', '--input-type=module', '-e', code]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd })
    const sign = name === 'none' ? `cannot ask the kernel on ${platform}` : ''
    expect(stdout).toBe(`${name} true ${sign}\n`)
  })
})
