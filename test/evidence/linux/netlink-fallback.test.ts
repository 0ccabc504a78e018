import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { inspectThroughNetlink, matchThroughNetlink } from '../../../lib/evidence/linux/netlink-inspect.ts'
import { loadLibc, type Libc } from '../../../lib/evidence/linux/netlink-socket.ts'
import { connectionOf } from './connection-of.ts'

const libc = await loadLibc()
let server: Server
let client: Socket
let question: { connection: ReturnType<typeof connectionOf>; peerUsers: number[] }

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  question = { connection: connectionOf(accepted), peerUsers: [] }
})
afterAll(() => {
  client.destroy()
  server.close()
})

const failures: [string, Libc | null][] = [
  ['koffi is missing', null],
  ['no socket can be made', { ...libc, socket: () => -1 }],
  ['the kernel cannot be connected to', { ...libc, connect: () => -1 }],
  ['the question is not sent', { ...libc, send: () => -1 }],
  ['half the question is sent', { ...libc, send: (_fd, _data, length) => length / 2 }],
  ['no answer comes', { ...libc, recv: () => -1 }],
  ['the answer is longer than expected', { ...libc, recv: (_fd, data) => data.length + 1 }],
  ['the answer is empty', { ...libc, recv: () => 0 }],
]

describe('the look-up through netlink', () => {
  it('asks netlink', () => {
    expect(matchThroughNetlink([question], libc)?.peers).toMatchObject([{ peer: { state: 1 } }])
  })

  it.each(failures)('reads /proc when %s', async (_title, broken) => {
    expect(matchThroughNetlink([question], broken)).toBeNull()
    expect(await inspectThroughNetlink([question], broken)).toMatchObject([{ status: 'same-user' }])
  })

  it('reads /proc when the kernel stops answering in the middle', async () => {
    let answers = 0
    const tired: Libc = { ...libc, recv: (...args) => ((answers += 1) > 2 ? -1 : libc.recv(...args)) }
    expect(await inspectThroughNetlink([question, question], tired)).toHaveLength(2)
    expect(answers).toBe(3)
  })

  it('reads /proc when the kernel has no module for TCP, and says of everything that it is not there', async () => {
    let asked = Buffer.alloc(0)
    const ignorant: Libc = {
      ...libc,
      send(_fd, data, length) {
        asked = Buffer.from(data)
        return length
      },
      recv(_fd, data) {
        const words = new Uint32Array([20, 2, asked.readUInt32LE(8), 0, -2])
        data.set(new Uint8Array(words.buffer))
        return 20
      },
    }
    expect(matchThroughNetlink([question], ignorant)).toBeNull()
    expect(await inspectThroughNetlink([question], ignorant)).toMatchObject([{ status: 'same-user' }])
  })

  it('closes what it has opened, also after a failure', () => {
    const opened: number[] = []
    const closed: number[] = []
    const counted: Libc = {
      ...libc,
      socket: (...args) => opened[opened.push(libc.socket(...args)) - 1] ?? -1,
      close: (fd) => libc.close(closed[closed.push(fd) - 1] ?? -1),
    }
    matchThroughNetlink([question], counted)
    matchThroughNetlink([question], { ...counted, recv: () => -1 })
    expect(opened).toHaveLength(2)
    expect(closed).toEqual(opened)
  })
})
