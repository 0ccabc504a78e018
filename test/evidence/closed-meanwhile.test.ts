import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, it } from '@jest/globals'
import { localityJudge, type PeerLookup } from '../../lib/evidence/index.ts'
import { localityPolicy, type PeerEvidence } from '../../lib/locality/index.ts'

const holders = [{ pid: 1, startTime: '1' }]

it.each([
  [false, 'local'],
  [true, 'peer-unproven'],
])('a connection that was closed while the kernel was asked (%s) is %s', async (isClosed, reason) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [request] = (await once(server, 'request')) as [IncomingMessage]
  const lookup: PeerLookup = {
    name: 'slow',
    async lookup() {
      if (isClosed) {
        client.resetAndDestroy()
        await new Promise((resolve) => request.socket.on('close', resolve).on('error', () => undefined))
      }
      return { status: 'same-user', holders }
    },
    close: () => Promise.resolve(),
  }
  const seen: PeerEvidence[] = []
  const judge = localityJudge(localityPolicy({}), lookup, { onLookup: (peer) => seen.push(peer) })
  expect((await judge.judge(request)).reason).toBe(reason)
  expect(seen).toMatchObject([{ status: isClosed ? 'unproven' : 'same-user', holders }])
  client.destroy()
  server.close()
})
