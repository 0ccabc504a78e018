import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createService, type AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { netlinkPeerLookup } from '../../../lib/evidence/linux/netlink-peer-lookup.ts'
import { procPeerLookup } from '../../../lib/evidence/linux/proc-peer-lookup.ts'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'
import { connectionOf } from './connection-of.ts'

const run = promisify(execFile)
const TOOL = path.join(import.meta.dirname, 'specimens/busy-tool.py')
const ASKS = 8

jest.setTimeout(120_000)

describe.each([
  { peerLookup: procPeerLookup, name: 'procPeerLookup' },
  { peerLookup: netlinkPeerLookup, name: 'netlinkPeerLookup' },
])('$name, of a tool that opens and closes connections all the time', ({ peerLookup }) => {
  const lookup = peerLookup({ timeoutMs: 20_000 })
  let gateway: Server
  const service = createService((socket) => socket.on('error', () => socket.destroy()).resume())

  beforeAll(async () => {
    gateway = createServer((request, response) => {
      void lookup.lookup(connectionOf(request.socket), { peerUsers: [] }).then((evidence) => {
        response.end(JSON.stringify(evidence))
      })
    })
    for (const server of [gateway, service]) await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(async () => {
    gateway.close()
    service.close()
    await lookup.close()
  })

  async function evidenceOf(...shape: string[]): Promise<PeerEvidence[]> {
    const ports = [gateway, service].map((server) => String((server.address() as AddressInfo).port))
    const { stdout } = await run('/usr/bin/python3', [TOOL, ...ports, String(ASKS), ...shape])
    return stdout.trim().split('\n').map((line) => JSON.parse(line) as PeerEvidence) // prettier-ignore
  }

  it('lets it pass each time', async () => {
    const seen = (await evidenceOf()).map(({ status, sign }) => ({ status, sign }))
    expect(seen).toEqual(Array(ASKS).fill({ status: 'same-user', sign: undefined }))
  })

  it('never lets it pass while it keeps a socket of an unknown kind', async () => {
    const seen = (await evidenceOf('unbound')).map(({ status }) => status)
    expect(seen).toHaveLength(ASKS)
    expect(seen).not.toContain('same-user')
  })
})
