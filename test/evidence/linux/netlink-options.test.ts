import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { netlinkPeerLookup } from '../../../lib/evidence/linux/netlink-peer-lookup.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)

describe('netlinkPeerLookup()', () => {
  it('knows its options', () => {
    expect(() => netlinkPeerLookup({ timeoutMS: 1 } as never)).toThrow('did you mean timeoutMs?')
  })

  it('names what to install when koffi is missing', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'no-koffi-'))
    cpSync(path.join(ROOT, 'lib'), path.join(folder, 'lib'), { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    const code = `import { netlinkPeerLookup } from './lib/evidence/linux/netlink-peer-lookup.ts'
      try { netlinkPeerLookup() } catch (error) { console.log(error.name, error.code, error.message) }`
    const args = ['--no-warnings', '--input-type=module', '-e', code]
    const { stdout } = await run(process.execPath, args, { cwd: folder })
    rmSync(folder, { recursive: true })
    expect(stdout).toMatch(/^LatchkeyError DEPENDENCY_MISSING .*run npm install koffi/)
  })

  it('says that it works on Linux', async () => {
    const code = `Object.defineProperty(process, 'platform', { value: 'darwin' })
      const { netlinkPeerLookup } = await import('./lib/evidence/linux/netlink-peer-lookup.ts')
      try { netlinkPeerLookup() } catch (error) { console.log(error.code, error.message) }`
    const args = ['--no-warnings', '--input-type=module', '-e', code]
    const { stdout } = await run(process.execPath, args, { cwd: ROOT })
    expect(stdout).toMatch(/^OPTION_INVALID .*darwin.*leave peerLookup out/)
  })
})
