import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Listing } from '../../../lib/evidence/macos/lsof-reading.ts'
import { parseLsof } from '../../../lib/evidence/macos/parse-lsof.ts'
import { parsePs } from '../../../lib/evidence/macos/parse-ps.ts'

export const OWN_PID = 7001
export const PS = readFileSync(path.join(import.meta.dirname, 'ps.txt'), 'utf8')

// Written in the form that lsof 4.91 and ps of macOS print.

/** Fields of one socket. */
const tcp = (fd: number, type: 'IPv4' | 'IPv6', device: string, name: string, state: string): string =>
  `f${fd}\nt${type}\nd0x${device}\nPTCP\nn${name}\nTST=${state}\nTQR=0\nTQS=0\n`
const udp = (fd: number, device: string, name: string): string =>
  `f${fd}\ntIPv4\nd0x${device}\nPUDP\nn${name}\n`
const unix = (fd: number, device: string, name: string): string => `f${fd}\ntunix\nd0x${device}\nn${name}\n`
const header = (pid: number, command: string, uid = 501): string => `p${pid}\nc${command}\nu${uid}\n`

/** The gateway on port 4747, with one connection from port 50123. */
export const gateway =
  header(OWN_PID, 'node') +
  tcp(21, 'IPv6', '3b1c0d7a9f2e5511', '*:4747', 'LISTEN') +
  tcp(24, 'IPv6', '3b1c0d7a9f2e6622', '127.0.0.1:4747->127.0.0.1:50123', 'ESTABLISHED')
const peer = (fd = 5): string => tcp(fd, 'IPv4', '3b1c0d7a9f2e7733', '127.0.0.1:50123->127.0.0.1:4747', 'ESTABLISHED') // prettier-ignore

const terminal = header(612, 'Terminal') + unix(4, '9d2f00aa11223344', '->0x9d2f00aa55667788')

/** What lsof prints besides the gateway, by what is at the other end. */
export const listings = {
  curl: header(7002, 'curl') + peer() + unix(6, '9d2f00aa99887766', '->0x9d2f00aa11112222'),
  'a tool with a space in its name': header(7003, 'My\\x20Tool') + peer(),
  'nobody that is listed': terminal,
  'this very process': peer(30),
  'a relay that listens': header(7004, 'helper') + tcp(3, 'IPv4', '1111111111111111', '*:8080', 'LISTEN') + tcp(4, 'IPv4', '2222222222222222', '192.168.1.5:8080->203.0.113.7:61000', 'ESTABLISHED') + peer(), // prettier-ignore
  'a relay that has closed its listener': header(7004, 'helper') + tcp(4, 'IPv4', '2222222222222222', '192.168.1.5:8080->203.0.113.7:61000', 'ESTABLISHED') + peer(), // prettier-ignore
  'a relay that is fed on loopback': header(7004, 'helper') + tcp(3, 'IPv4', '1111111111111111', '127.0.0.1:8080', 'LISTEN') + tcp(4, 'IPv4', '2222222222222222', '127.0.0.1:8080->127.0.0.1:60001', 'ESTABLISHED') + peer(), // prettier-ignore
  'a relay with a known name': header(7005, 'socat') + peer(),
  'a program called ssh': header(7004, 'ssh') + peer(),
  'a relay from a Unix socket':
    header(7004, 'helper') + unix(3, '9d2f00aa12121212', '/tmp/relay.sock') + peer(),
  'a taker of datagrams': header(7004, 'helper') + udp(3, '4444444444444444', '*:51820') + peer(),
  'a tunnel that called out': header(7004, 'helper') + tcp(3, 'IPv6', '3333333333333333', '[2001:db8::5]:55001->[2001:db8::9]:443', 'ESTABLISHED') + peer(), // prettier-ignore
  'a tunnel to an address with a zone': header(7004, 'helper') + tcp(3, 'IPv6', '3333333333333333', '[fe80:4::1%en0]:55001->[fe80:4::9%en0]:443', 'ESTABLISHED') + peer(), // prettier-ignore
  'a socket that the list does not explain': header(7004, 'helper') + 'f3\ntIPv4\nd0x5555555555555555\nPTCP\nnno PCB, CANTSENDMORE, CANTRCVMORE\n' + peer(), // prettier-ignore
  'a browser with its connections': header(7006, 'Google\\x20Chrome') + tcp(3, 'IPv4', '3333333333333333', '192.168.1.5:55001->203.0.113.9:443', 'ESTABLISHED') + peer(), // prettier-ignore
  'two holders, one of them a relay': header(7002, 'curl') + peer() + header(7004, 'helper') + tcp(3, 'IPv4', '1111111111111111', '*:8080', 'LISTEN') + peer(9), // prettier-ignore
  'two holders that show nothing': header(7002, 'curl') + peer() + header(7003, 'tool') + peer(9),
  "another user's, as root sees it": header(7007, 'curl', 502) + peer(),
  'a program that has become another user': header(7012, 'setuid-tool') + peer(),
  'a program per client of a listener': header(7010, 'helper') + tcp(3, 'IPv4', '1111111111111111', '*:8080', 'LISTEN') + header(7011, 'nc') + peer(), // prettier-ignore
  'a program per client of a listener on loopback': header(7010, 'helper') + tcp(3, 'IPv4', '1111111111111111', '127.0.0.1:8080', 'LISTEN') + header(7011, 'nc') + peer(), // prettier-ignore
  'a process that ps does not know': header(7999, 'curl') + peer(),
  'two sockets with the same ends': header(7002, 'curl') + peer() + header(7003, 'tool') + tcp(5, 'IPv4', '6666666666666666', '127.0.0.1:50123->127.0.0.1:4747', 'ESTABLISHED'), // prettier-ignore
  'a peer that is closing': header(7002, 'curl') + tcp(5, 'IPv4', '3b1c0d7a9f2e7733', '127.0.0.1:50123->127.0.0.1:4747', 'FIN_WAIT_2'), // prettier-ignore
}

export function listing(lsof: string, before = PS, after = PS): Listing {
  return { processes: parseLsof(lsof), before: parsePs(before), after: parsePs(after) }
}
