import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { matchByTables } from '../../../lib/evidence/linux/inspect-connections.ts'
import type { MatchedPeer } from '../../../lib/evidence/linux/match-connection.ts'
import { matchThroughNetlink } from '../../../lib/evidence/linux/netlink-inspect.ts'
import { loadLibc } from '../../../lib/evidence/linux/netlink-socket.ts'
import { TCP_ESTABLISHED } from '../../../lib/evidence/linux/socket-table.ts'
import type { Connection } from '../../../lib/evidence/peer-lookup.ts'
import { connectionOf } from './connection-of.ts'

const libc = await loadLibc()
const GONE = 'the other end is closed or closing'
const OURS_GONE = 'our end of the connection is no longer established'

let server: Server
const sockets: Socket[] = []

beforeEach(async () => {
  server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0)
  await once(server, 'listening')
})
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.resetAndDestroy()
  server.close()
})

async function connected(options: { host?: string; localAddress?: string; localPort?: number } = {}) {
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...options })
  sockets.push(client)
  const accepted = await new Promise<Socket>((resolve, reject) => {
    client.on('error', reject)
    server.once('connection', resolve)
  })
  accepted.on('error', () => undefined)
  sockets.push(accepted)
  return { client, accepted, connection: connectionOf(accepted) }
}

describe.each([
  {
    way: 'tables',
    match: (connection: Connection) => matchByTables([{ connection, peerUsers: [] }]).peers[0],
  },
  {
    way: 'netlink',
    match: (connection: Connection) => matchThroughNetlink([{ connection, peerUsers: [] }], libc)?.peers[0],
  },
])('the other end, by $way', ({ match }) => {
  async function matchOnce(connection: Connection, wanted: string): Promise<MatchedPeer | undefined> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const found = match(connection)
      if (found !== undefined && 'sign' in found && found.sign === wanted) return found
      await sleep(10)
    }
    return match(connection)
  }

  it.each([
    ['IPv4 to a listener of both families', {}],
    ['IPv6', { host: '::1' }],
    ['to another loopback address', { host: '127.9.8.7' }],
    ['from another loopback address', { localAddress: '127.9.8.7' }],
  ])('is found: %s', async (_title, options) => {
    const { client, connection } = await connected(options)
    const { inode, localAddress, localPort } = connectionOf(client)
    expect(match(connection)).toMatchObject({
      peer: { state: TCP_ESTABLISHED, uid: process.geteuid?.(), inode, localAddress, localPort },
    })
  })

  it('is found among ten thousand sockets', async () => {
    const ends = await connected()
    for (let count = 1; count < 5000; count += 1) await connected()
    expect(match(ends.connection)).toMatchObject({ peer: { inode: connectionOf(ends.client).inode } })
  })

  it('is not root when it has gone with data that nobody has read', async () => {
    const { client, connection } = await connected()
    client.write(Buffer.alloc(16 * 1024 * 1024))
    await sleep(50)
    client.destroy()
    expect(await matchOnce(connection, GONE)).toEqual({ sign: GONE })
  })

  it('is gone after a reset', async () => {
    const { client, connection } = await connected()
    client.resetAndDestroy()
    expect(await matchOnce(connection, OURS_GONE)).toEqual({ sign: OURS_GONE })
  })

  it.each(['client', 'accepted'] as const)(
    'is gone while it waits in TIME_WAIT: %s closed first',
    async (first) => {
      const { client, accepted, connection } = await connected()
      const ends = { client, accepted }
      ends[first].end()
      await matchOnce(connection, OURS_GONE)
      client.end()
      accepted.resume().end()
      client.resume()
      for (const end of [client, accepted]) if (!end.closed) await once(end, 'close')
      expect(match(connection)).toEqual({ sign: OURS_GONE })
    },
  )

  it('is not that of a later connection between the same ports', async () => {
    // Not a port that the kernel would give to somebody else in between.
    const localPort = 10_000 + Math.floor(Math.random() * 20_000)
    const { client, accepted, connection } = await connected({ localPort })
    client.resetAndDestroy()
    await matchOnce(connection, OURS_GONE)
    accepted.destroy()
    const later = await connected({ localPort })
    expect(later.connection).toMatchObject({ ...connection, inode: later.connection.inode })
    expect(match(later.connection)).toHaveProperty('peer')
    expect(match(connection)).toEqual({ sign: OURS_GONE })
  })
})
