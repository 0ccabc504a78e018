import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { WebSocketServer } from 'ws'
import { netlinkPeerLookup } from '../../../lib/evidence/linux/netlink-peer-lookup.ts'
import { procPeerLookup } from '../../../lib/evidence/linux/proc-peer-lookup.ts'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'
import { connectionOf } from './connection-of.ts'

const run = promisify(execFile)
const ROOT = path.resolve(import.meta.dirname, '../../..')
const uid = process.geteuid?.() ?? -1

const nobodyElse = { peerUsers: [] }

describe.each([
  { peerLookup: procPeerLookup, name: 'procPeerLookup' },
  { peerLookup: netlinkPeerLookup, name: 'netlinkPeerLookup' },
])('$name', ({ peerLookup }) => {
  const lookup = peerLookup()
  let server: Server
  let port: number

  beforeAll(async () => {
    server = createServer((request, response) => {
      void lookup.lookup(connectionOf(request.socket), nobodyElse).then((evidence) => {
        response.end(JSON.stringify(evidence))
      })
    })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket, request) => {
      void lookup.lookup(connectionOf(request.socket), nobodyElse).then((evidence) => {
        socket.send(JSON.stringify(evidence))
      })
    })
    server.listen(0)
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await lookup.close()
  })

  async function answerTo(command: string, ...args: string[]): Promise<PeerEvidence> {
    const { stdout } = await run(command, args, { cwd: ROOT, timeout: 10_000 })
    return JSON.parse(stdout) as PeerEvidence
  }

  /** A connection that was accepted, and the client's end of it. */
  async function connected(): Promise<{ accepted: Socket; client: Socket }> {
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const [accepted] = (await once(server, 'connection')) as [Socket]
    return { accepted, client }
  }

  describe('lets pass', () => {
    it.each(['127.0.0.1', '127.9.8.7', '[::1]', 'localhost'])('curl to %s', async (host) => {
      expect(await answerTo('curl', '-s', `http://${host}:${port}/`)).toEqual({
        status: 'same-user',
        uid,
        process: 'curl',
        holders: [{ pid: expect.any(Number), startTime: expect.stringMatching(/^\d+$/) }],
      })
    })

    it('a client at another loopback address', async () => {
      const evidence = await answerTo('curl', '-s', '--interface', '127.9.8.7', `http://127.0.0.1:${port}/`)
      expect(evidence.status).toBe('same-user')
    })

    it('curl in a shell', async () => {
      const evidence = await answerTo('/bin/sh', '-c', `curl -s http://127.0.0.1:${port}/; true`)
      expect(evidence).toMatchObject({ status: 'same-user', process: 'curl' })
    })

    it('Python', async () => {
      const script = `import urllib.request as r; print(r.urlopen("http://127.0.0.1:${port}/").read().decode())`
      expect(await answerTo('/usr/bin/python3', '-c', script)).toMatchObject({ status: 'same-user', uid })
    })

    it('Node with fetch', async () => {
      const script = `fetch('http://127.0.0.1:${port}/').then((r) => r.text()).then(console.log)`
      expect(await answerTo(process.execPath, '-e', script)).toMatchObject({ status: 'same-user', uid })
    })

    it('Node with ws', async () => {
      const script = `import WebSocket from 'ws'; const s = new WebSocket('ws://127.0.0.1:${port}/')
      s.on('message', (text) => { console.log(String(text)); s.close() })`
      const evidence = await answerTo(process.execPath, '--input-type=module', '-e', script)
      expect(evidence).toMatchObject({ status: 'same-user', uid })
    })

    it('this very process', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`)
      expect(await response.json()).toEqual({ status: 'same-user', uid, sign: 'own-process' })
    })
  })

  describe('refuses', () => {
    it.each<[string, (client: Socket) => void]>([
      ['has reset the connection', (client) => client.resetAndDestroy()],
      ['has closed the connection', (client) => client.destroy()],
      ['has closed its half', (client) => client.end()],
    ])('a client that %s', async (_title, leave) => {
      const { accepted, client } = await connected()
      const connection = connectionOf(accepted)
      leave(client)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect((await lookup.lookup(connection, nobodyElse)).status).toBe('unproven')
      client.destroy()
    })

    it('a client whose pair of ports is that of an earlier connection', async () => {
      const { accepted, client } = await connected()
      const { inode, ...ends } = connectionOf(accepted)
      for (const other of [null, 0, (inode ?? 0) + 1]) {
        expect((await lookup.lookup({ ...ends, inode: other }, nobodyElse)).status).toBe('unproven')
      }
      client.destroy()
    })

    it('an address that is none', async () => {
      const { accepted, client } = await connected()
      const evidence = await lookup.lookup({ ...connectionOf(accepted), remoteAddress: '' }, nobodyElse)
      expect(evidence.status).toBe('unproven')
      client.destroy()
    })

    const onlyRoot = uid === 0 ? it : it.skip
    onlyRoot("another user's client, unless that user is ours", async () => {
      const users = [
        '--reuid=1234',
        '--regid=1234',
        '--clear-groups',
        'curl',
        '-s',
        `http://127.0.0.1:${port}/`,
      ]
      expect(await answerTo('setpriv', ...users)).toEqual({
        status: 'other-user',
        uid: 1234,
        process: 'curl',
      })
      const child = spawn('setpriv', [...users, `http://127.0.0.1:${port}/`], { stdio: 'ignore' })
      const [accepted] = (await once(server, 'connection')) as [Socket]
      const evidence = await lookup.lookup(connectionOf(accepted), { peerUsers: [1234] })
      expect(evidence).toMatchObject({ status: 'same-user', uid: 1234, process: 'curl' })
      child.kill()
    })
  })

  describe('in general', () => {
    it('answers a hundred clients at once', async () => {
      const clients = await Promise.all(Array.from({ length: 100 }, () => fetch(`http://127.0.0.1:${port}/`)))
      const answers = await Promise.all(clients.map((response) => response.json() as Promise<PeerEvidence>))
      expect(answers.every(({ sign }) => sign === 'own-process')).toBe(true)
    })

    it('is unproven after its time, and after it was closed', async () => {
      const { accepted, client } = await connected()
      const hasty = peerLookup({ timeoutMs: 0 })
      expect(await hasty.lookup(connectionOf(accepted), nobodyElse)).toMatchObject({ status: 'unproven' })
      await hasty.close()
      expect(await hasty.lookup(connectionOf(accepted), nobodyElse)).toMatchObject({ status: 'unproven' })
      client.destroy()
    })

    it('is unproven when the question cannot be asked', async () => {
      const connection = {
        localAddress: (() => '') as unknown as string,
        localPort: 1,
        remoteAddress: '',
        remotePort: 1,
      }
      expect(await lookup.lookup({ ...connection, inode: 1 }, nobodyElse)).toMatchObject({
        status: 'unproven',
      })
    })

    it('keeps no process alive', async () => {
      const script = path.join(import.meta.dirname, 'specimens/short-lived.ts')
      const { stdout } = await run(process.execPath, [script, peerLookup.name], { timeout: 10_000 })
      expect(stdout).toBe('own-process\n')
    })
  })
})
