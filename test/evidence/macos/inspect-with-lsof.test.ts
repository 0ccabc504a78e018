import { describe, expect, it } from '@jest/globals'
import { inspectWithLsof } from '../../../lib/evidence/macos/inspect-with-lsof.ts'
import { lsofReading, type Listing } from '../../../lib/evidence/macos/lsof-reading.ts'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'
import { gateway, listing, listings, OWN_PID, PS } from './listings.ts'

// What Node sees of the connection: its listener is of both families.
const connection = { localAddress: '::ffff:127.0.0.1', localPort: 4747, remoteAddress: '::ffff:127.0.0.1', remotePort: 50123, inode: 0 } // prettier-ignore
const isEphemeral = (port: number): boolean => port >= 49152

async function answers(listed: Listing, uid = 501, peerUsers: number[] = []): Promise<PeerEvidence> {
  const read = () => Promise.resolve(lsofReading(listed, OWN_PID, isEphemeral))
  const [evidence] = await inspectWithLsof([{ connection, peerUsers }], read, { pid: OWN_PID, uid })
  return evidence ?? { status: 'unproven', sign: 'no answer' }
}

describe('the other end, as lsof lists it', () => {
  it.each<[keyof typeof listings, PeerEvidence['status'], RegExp]>([
    ['nobody that is listed', 'unproven', /^no process that can be seen holds the other end$/],
    ['a relay that listens', 'relay', /^listens on 0\.0\.0\.0:8080$/],
    [
      'a relay that has closed its listener',
      'relay',
      /^accepted a connection from 203\.0\.113\.7 on port 8080$/,
    ],
    ['a relay that is fed on loopback', 'relay', /^listens on 127\.0\.0\.1:8080$/],
    ['a relay with a known name', 'relay', /^is the relay socat$/],
    ['a program called ssh', 'relay', /^is the relay ssh$/],
    ['a relay from a Unix socket', 'relay', /^listens on the Unix socket \/tmp\/relay\.sock$/],
    ['a taker of datagrams', 'relay', /^takes datagrams on 0\.0\.0\.0:51820$/],
    ['a tunnel that called out', 'outbound', /^is connected to \[2001:db8::9\]:443$/],
    ['a tunnel to an address with a zone', 'outbound', /^is connected to \[fe80:4::9\]:443$/],
    ['a socket that the list does not explain', 'relay', /unknown kind/],
    ['two holders, one of them a relay', 'relay', /^listens on/],
    [
      'a program per client of a listener',
      'relay',
      /^parent helper \(pid 7010\) listens on 0\.0\.0\.0:8080$/,
    ],
    ['a process that ps does not know', 'unproven', /cannot be looked into/],
    ['two sockets with the same ends', 'unproven', /closed or closing/],
    ['a peer that is closing', 'unproven', /closed or closing/],
  ])('is refused: %s', async (title, status, sign) => {
    const evidence = await answers(listing(gateway + listings[title]))
    expect(evidence.status).toBe(status)
    expect(evidence.sign).toMatch(sign)
  })

  it.each<keyof typeof listings>([
    'curl',
    'a tool with a space in its name',
    'a browser with its connections',
    'two holders that show nothing',
    'a program per client of a listener on loopback',
  ])('is let pass: %s', async (title) => {
    expect(await answers(listing(gateway + listings[title]))).toMatchObject({ status: 'same-user', uid: 501 })
  })

  it('is let pass and remembered by its process', async () => {
    expect(await answers(listing(gateway + listings.curl))).toEqual({
      status: 'same-user',
      uid: 501,
      process: 'curl',
      holders: [{ pid: 7002, startTime: 'Mon Nov 23 09:01:00 2026' }],
    })
  })

  it('is this very process', async () => {
    expect(await answers(listing(gateway + listings['this very process']))).toEqual({
      status: 'same-user',
      uid: 501,
      sign: 'own-process',
    })
  })

  it("is another user's, unless that user is ours", async () => {
    const listed = listing(gateway + listings["another user's, as root sees it"])
    expect(await answers(listed)).toEqual({ status: 'other-user', uid: 502, process: 'curl' })
    expect(await answers(listed, 501, [502])).toMatchObject({ status: 'same-user', uid: 502 })
    const became = listing(gateway + listings['a program that has become another user'])
    expect(await answers(became)).toMatchObject({ status: 'other-user', uid: 0, process: 'setuid-tool' })
  })

  it.each([
    ['when its process has ended meanwhile', PS.replace(/^ 7002 .*$/m, '')],
    ['when its pid is in use again', PS.replace('09:01:00 2026', '09:30:00 2026')],
  ])('is unproven %s', async (_title, after) => {
    const evidence = await answers(listing(gateway + listings.curl, PS, after))
    expect(evidence).toMatchObject({ status: 'unproven', sign: 'changed while it was looked at' })
  })

  it.each([
    ['is not listed', gateway.replace(/f24[^]*/, '')],
    ['is closing', gateway.replace('TST=ESTABLISHED', 'TST=CLOSE_WAIT')],
    ["is somebody else's", gateway.replace('p7001', 'p7003')],
    ['is there twice', `${gateway}${gateway.replace(/^[^]*f24/, 'f25').replace('6622', '6623')}`],
  ])('is unproven when our own end %s', async (_title, ours) => {
    const evidence = await answers(listing(ours + listings.curl))
    expect(evidence).toMatchObject({ status: 'unproven' })
    expect(evidence.sign).toMatch(/our end|two ends/)
  })

  it('is unproven when lsof knows inodes and ours is another', async () => {
    const numbered = (gateway + listings.curl).replace('d0x3b1c0d7a9f2e6622', 'd4711')
    const ask = async (inode: number) => {
      const read = () => Promise.resolve(lsofReading(listing(numbered), OWN_PID, isEphemeral))
      const question = { connection: { ...connection, inode }, peerUsers: [] }
      return (await inspectWithLsof([question], read, { pid: OWN_PID, uid: 501 }))[0]?.status
    }
    expect(await ask(4711)).toBe('same-user')
    expect(await ask(4712)).toBe('unproven')
  })
})
