// Looks up one connection and closes nothing but its server: the process has to end by itself.
import { createServer, connect, type AddressInfo } from 'node:net'
import { netlinkPeerLookup } from '../../../../lib/evidence/linux/netlink-peer-lookup.ts'
import { procPeerLookup } from '../../../../lib/evidence/linux/proc-peer-lookup.ts'
import { connectionOf } from '../connection-of.ts'

const lookup = process.argv[2] === 'netlinkPeerLookup' ? netlinkPeerLookup() : procPeerLookup()
const server = createServer((socket) => {
  void lookup.lookup(connectionOf(socket), { peerUsers: [] }).then(({ sign }) => {
    console.log(sign)
    server.close()
    socket.destroy()
  })
})
server.listen(0, '127.0.0.1', () => {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
})
