import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { connectionFacts } from '../../../lib/evidence/connection-facts.ts'
import { ephemeralPorts } from '../../../lib/evidence/linux/surroundings.ts'
import { lsofPeerLookup } from '../../../lib/evidence/macos/lsof-peer-lookup.ts'

const LSOF = ['/usr/sbin/lsof', '/usr/bin/lsof'].find((file) => existsSync(file))
const python = path.join(import.meta.dirname, '../linux/specimens/specimen.py')
const nobodyElse = { peerUsers: [] }

// The real program, which prints on Linux what it prints on macOS but for the names of sockets.
const withLsof = LSOF === undefined || process.platform !== 'linux' ? describe.skip : describe

withLsof('lsofPeerLookup with the real lsof', () => {
  const lookup = lsofPeerLookup({ lsof: LSOF ?? '', minIntervalMs: 1, isEphemeral: ephemeralPorts() })
  const children: ChildProcess[] = []
  let server: Server
  let port: number

  beforeAll(async () => {
    server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))
  afterAll(async () => {
    server.close()
    await lookup.close()
  })

  async function evidenceOf(command: string, ...args: string[]) {
    children.push(spawn(command, args, { stdio: 'ignore', detached: true }))
    const [accepted] = (await once(server, 'connection')) as [Socket]
    accepted.on('error', () => undefined)
    await once(accepted, 'data')
    const { connection } = connectionFacts(accepted)
    if (connection === null) throw new Error('the client has gone')
    const evidence = await lookup.lookup(connection, nobodyElse)
    accepted.destroy()
    return evidence
  }

  it('lets curl pass', async () => {
    const url = `http://127.0.0.1:${port}/`
    const evidence = await evidenceOf('curl', '-s', '--max-time', '20', url)
    expect(evidence).toMatchObject({ status: 'same-user', process: 'curl' })
  })

  it.each([
    ['listener', 'listen-loopback', 'relay', /^listens on 127\.0\.0\.1/],
    ['tool that listens on a Unix socket', 'unix', 'relay', /^listens on the Unix socket @specimen/],
    ['taker of datagrams', 'udp', 'relay', /^takes datagrams/],
    ['process called sshd-session', 'called-sshd-session', 'relay', /^is the relay sshd-session$/],
    ['child of a listener', 'parent-listens', 'relay', /^parent python3.* listens on 0\.0\.0\.0/],
  ])('refuses: %s', async (_title, shape, status, sign) => {
    const free = createServer().listen(0)
    await once(free, 'listening')
    const listenPort = (free.address() as AddressInfo).port
    free.close()
    await once(free, 'close')
    if (shape === 'listen-loopback') feed(listenPort)
    const evidence = await evidenceOf('/usr/bin/python3', python, shape, String(port), String(listenPort))
    expect(evidence.sign).toMatch(sign)
    expect(evidence.status).toBe(status)
  })

  function feed(to: number): void {
    const script = `until { exec 3<>/dev/tcp/127.0.0.1/${to}; } 2>/dev/null; do sleep .03; done; echo hello >&3; sleep 20`
    children.push(spawn('bash', ['-c', script], { stdio: 'ignore', detached: true }))
  }

  it('is unproven for a connection whose pair of ports is in use again', async () => {
    children.push(spawn('curl', ['-s', `http://127.0.0.1:${port}/`], { stdio: 'ignore' }))
    const [accepted] = (await once(server, 'connection')) as [Socket]
    const { connection } = connectionFacts(accepted)
    if (connection === null) throw new Error('the client has gone')
    const later = { ...connection, inode: (connection.inode ?? 0) + 1 }
    expect(await lookup.lookup(later, nobodyElse)).toMatchObject({ status: 'unproven' })
    accepted.destroy()
  })
})

describe('lsofPeerLookup is unproven', () => {
  const connection = {
    localAddress: '127.0.0.1',
    localPort: 1,
    remoteAddress: '127.0.0.1',
    remotePort: 2,
    inode: 3,
  }

  it.each([
    ['there is no lsof', '/nonexistent/lsof'],
    ['lsof fails', '/bin/false'],
    ['lsof says nothing', '/bin/true'],
    ['lsof prints something else', '/bin/ls'],
  ])('when %s', async (_title, lsof) => {
    const lookup = lsofPeerLookup({ lsof })
    expect(await lookup.lookup(connection, nobodyElse)).toMatchObject({ status: 'unproven' })
    await lookup.close()
  })

  it('when lsof takes too long, which is then ended', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'slow-lsof-'))
    const slow = path.join(folder, 'lsof')
    writeFileSync(slow, `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 8\n`, { mode: 0o755 })
    const lookup = lsofPeerLookup({ lsof: slow, timeoutMs: 500 })
    expect(await lookup.lookup(connection, nobodyElse)).toMatchObject({ status: 'unproven' })
    const pid = Number(readFileSync(`${folder}/pid`, 'utf8'))
    const ended = async () => {
      while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20))
      return true
    }
    expect(await Promise.race([ended(), new Promise((resolve) => setTimeout(resolve, 4000, false))])).toBe(
      true,
    )
    await lookup.close()
    rmSync(folder, { recursive: true })
  })

  it('after it was closed', async () => {
    const lookup = lsofPeerLookup({ lsof: '/bin/true' })
    await lookup.close()
    expect(await lookup.lookup(connection, nobodyElse)).toMatchObject({ sign: 'the look-up is closed' })
  })
})

describe('a look-up through lsof', () => {
  it('keeps no process alive', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'slow-lsof-'))
    const slow = path.join(folder, 'lsof')
    writeFileSync(slow, '#!/bin/sh\nexec sleep 8\n', { mode: 0o755 })
    const code = `import { lsofPeerLookup } from './lib/evidence/macos/lsof-peer-lookup.ts'
      void lsofPeerLookup({ lsof: '${slow}' }).lookup({}, { peerUsers: [] })
      setTimeout(() => console.log('done'), 1000)`
    const args = ['--no-warnings', '--input-type=module', '-e', code]
    const cwd = path.resolve(import.meta.dirname, '../../..')
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 4000 })
    rmSync(folder, { recursive: true })
    expect(stdout).toBe('done\n')
  })
})
