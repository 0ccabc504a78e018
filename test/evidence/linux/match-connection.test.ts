import { describe, expect, it } from '@jest/globals'
import { matchConnection } from '../../../lib/evidence/linux/match-connection.ts'
import { socketTable, type InetSocket } from '../../../lib/evidence/linux/socket-table.ts'

const own: InetSocket = {
  kind: 'tcp',
  localAddress: '127.0.0.1',
  localPort: 3000,
  remoteAddress: '127.0.0.1',
  remotePort: 40000,
  state: 1,
  uid: 1000,
  inode: 10,
}
const peer: InetSocket = { ...own, localPort: 40000, remotePort: 3000, inode: 20 }
const connection = {
  localAddress: '127.0.0.1',
  localPort: 3000,
  remoteAddress: '127.0.0.1',
  remotePort: 40000,
  inode: 10,
}

describe('matchConnection', () => {
  it('finds the other end', () => {
    expect(matchConnection(socketTable([own, peer]), connection)).toEqual({ peer })
  })

  it('finds it when rows were printed twice, and when our end is IPv4-mapped', () => {
    const mapped = { ...connection, localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.1' }
    expect(matchConnection(socketTable([own, peer, own, peer]), mapped)).toEqual({ peer })
  })

  it.each<[string, InetSocket[], Partial<typeof connection> | { inode: null }, RegExp]>([
    ['our inode is not known', [own, peer], { inode: null }, /not known/],
    ['our inode is 0', [{ ...own, inode: 0 }, peer], { inode: 0 }, /not known/],
    ['an address is no address', [own, peer], { remoteAddress: 'localhost' }, /not known/],
    ['an address has a zone', [own, peer], { remoteAddress: 'fe80::1%lo' }, /not known/],
    ['an address is empty', [own, peer], { remoteAddress: '' }, /not known/],
    ['our row is missing', [peer], {}, /our end/],
    ['our row is that of another descriptor', [{ ...own, inode: 11 }, peer], {}, /our end/],
    ['our end has two rows', [own, { ...own, inode: 11 }, peer], {}, /our end/],
    ['our end is half closed', [{ ...own, state: 8 }, peer], {}, /our end/],
    ['there is no other end', [own], {}, /not in this network namespace/],
    ['the other end is half closed', [own, { ...peer, state: 5 }], {}, /closed or closing/],
    ['the other end waits', [own, { ...peer, state: 6, inode: 0, uid: 0 }], {}, /closed or closing/],
    ['the other end has no descriptor', [own, { ...peer, inode: 0, uid: 0 }], {}, /closed or closing/],
    ['the other end has two rows', [own, peer, { ...peer, inode: 21 }], {}, /closed or closing/],
    ['a row without a descriptor is beside it', [own, peer, { ...peer, inode: 0 }], {}, /closed or closing/],
  ])('does not tell when %s', (_title, rows, change, sign) => {
    const match = matchConnection(socketTable(rows), { ...connection, ...change })
    expect(match).toEqual({ sign: expect.stringMatching(sign) })
  })
})
