import { closeSync, openSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Holder } from '../../../lib/evidence/linux/find-holders.ts'
import { judgeHolders } from '../../../lib/evidence/linux/judge-holders.ts'
import { ownUsers } from '../../../lib/evidence/linux/own-users.ts'
import { readStat, type ProcessDescription } from '../../../lib/evidence/linux/proc-process.ts'
import type { Snapshot } from '../../../lib/evidence/linux/snapshot.ts'
import { socketTable, type InetSocket } from '../../../lib/evidence/linux/socket-table.ts'
import { connectionOf } from './connection-of.ts'

// This process plays the holder: as far as judgeHolders is told, it is not the gateway.
const GATEWAY = -1
const RELAY = -2
const uid = process.geteuid?.() ?? -1
let server: Server
let socket: Socket
let peer: InetSocket
let holder: Holder
let other: number

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const { inode, ...ends } = connectionOf(socket)
  peer = { kind: 'tcp', ...ends, state: 1, uid, inode: inode ?? 0 }
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle
  holder = { pid: process.pid, link: `/proc/self/fd/${fd}` }
  other = openSync('/dev/null', 'r')
})
afterAll(() => {
  closeSync(other)
  socket.destroy()
  server.close()
})

function description(change: Partial<ProcessDescription> = {}): ProcessDescription {
  const { pid } = process
  return {
    ...readStat(pid),
    comm: 'MainThread',
    pid,
    program: 'to\u001bol',
    uids: [uid],
    descriptors: [],
    ...change,
  }
}

function judge(holders: readonly Holder[], seen: ProcessDescription | null, gateway = GATEWAY) {
  const around = {
    table: socketTable([]),
    ownInodes: new Set<number>(),
    isOnHost: () => true,
    isEphemeral: () => true,
  }
  const snapshot: Snapshot = {
    process: (pid) =>
      pid === process.pid ? seen : pid === RELAY ? description({ pid, comm: 'nginx' }) : null,
    ancestors: () => [],
    around,
    aroundAncestor: () => around,
  }
  return judgeHolders(peer, holders, ownUsers(uid, [], null), gateway, snapshot)
}

const unproven = (sign: string) => ({ evidence: { status: 'unproven', sign }, doubt: null })

describe('judgeHolders', () => {
  it('lets pass a process that shows no sign, by its cleaned name', () => {
    const { pid } = process
    const { startTime } = readStat(pid)
    expect(judge([holder], description())).toEqual({
      evidence: { status: 'same-user', uid, process: 'to?ol', holders: [{ pid, startTime }] },
      doubt: null,
    })
  })

  it('says who the holders are, all of them, when any shows a sign', () => {
    const { pid } = process
    const { startTime } = readStat(pid)
    const { evidence } = judge([holder, { ...holder, pid: RELAY }], description())
    expect(evidence.holders).toEqual([
      { pid, startTime },
      { pid: RELAY, startTime },
    ])
  })

  it('lets pass this very process when nobody else holds the connection', () => {
    expect(judge([holder], null, process.pid).evidence).toEqual({
      status: 'same-user',
      uid,
      sign: 'own-process',
    })
  })

  it('asks of the others when this process is one of several', () => {
    const both = [holder, { ...holder, pid: 4194305 }]
    expect(judge(both, null, process.pid)).toMatchObject(unproven('process 4194305 cannot be looked into'))
  })

  it('knows nothing when nobody is seen to hold it', () => {
    expect(judge([], description())).toMatchObject(unproven('no process that can be seen holds it'))
  })

  it('knows nothing when one of the holders cannot be looked into', () => {
    expect(judge([holder], null)).toMatchObject(unproven(`process ${process.pid} cannot be looked into`))
    expect(judge([holder, { ...holder, pid: 4194305 }], description())).toMatchObject({
      evidence: { status: 'unproven' },
    })
  })

  it('refuses when any of the holders is a relay, whichever', () => {
    const relay = { ...holder, pid: RELAY }
    for (const holders of [
      [holder, relay],
      [relay, holder],
    ]) {
      expect(judge(holders, description()).evidence).toMatchObject({
        status: 'relay',
        sign: 'is the relay nginx',
      })
    }
  })

  it('names the stranger among the users of a holder', () => {
    expect(judge([holder], description({ uids: [uid, 4242] })).evidence).toMatchObject({
      status: 'other-user',
      uid: 4242,
    })
  })

  it.each<[string, () => [Holder, Partial<ProcessDescription>]]>([
    ['its pid is in use again', () => [holder, { startTime: '1' }]],
    ['its descriptor is another file', () => [{ ...holder, link: `/proc/self/fd/${other}` }, {}]],
    ['its descriptor is closed', () => [{ ...holder, link: '/proc/self/fd/99999' }, {}]],
  ])('knows nothing when afterwards %s', (_title, change) => {
    const [changed, seen] = change()
    expect(judge([changed], description(seen))).toMatchObject(unproven('changed while it was looked at'))
  })

  it('asks for another snapshot when a sign may be a socket in the making', () => {
    const descriptors = [{ link: 'socket:[4294967295]', plainRing: false }]
    expect(judge([holder], description({ descriptors }))).toMatchObject({
      evidence: { status: 'relay' },
      doubt: `${process.pid} socket:[4294967295]`,
    })
  })
})
