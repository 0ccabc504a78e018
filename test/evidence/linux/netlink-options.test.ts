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

  it('works from the package, as it is built', async () => {
    const code = `import { once } from 'node:events'
      import { fstatSync } from 'node:fs'
      import { connect, createServer } from 'node:net'
      import { netlinkPeerLookup } from 'latchkey/evidence/netlink'
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const client = connect(server.address().port, '127.0.0.1')
      const [accepted] = await once(server, 'connection')
      const { localAddress, localPort, remoteAddress, remotePort } = accepted
      const ends = { localAddress, localPort, remoteAddress, remotePort }
      const connection = { ...ends, inode: fstatSync(accepted._handle.fd).ino }
      console.log((await netlinkPeerLookup().lookup(connection, { peerUsers: [] })).sign)
      client.destroy()
      accepted.destroy()
      server.close()`
    const args = ['--no-warnings', '--input-type=module', '-e', code]
    const { stdout } = await run(process.execPath, args, { cwd: ROOT, timeout: 10_000 })
    expect(stdout).toBe('own-process\n')
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
