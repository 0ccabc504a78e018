import { canonicalAddress } from '../../locality/address.ts'
import { TCP_ESTABLISHED, TCP_LISTEN, type InetSocket, type Socket } from '../linux/socket-table.ts'
import type { ListedFile } from './parse-lsof.ts'

const TCP_CLOSE = 7
const END = /^(?:(\*)|\[([^\]%]+)(?:%[^\]]*)?\]|([\d.]+)):(\d+|\*)$/

type End = { readonly address: string; readonly port: number }

/** The socket that a line of lsof stands for, or `null` when the line does not tell. */
export function listedSocket(file: ListedFile, uid: number, inode: number): Socket | null {
  if (file.type === 'unix') return unixSocket(file, inode)
  if (file.type !== 'IPv4' && file.type !== 'IPv6') return null
  const wildcard = file.type === 'IPv4' ? '0.0.0.0' : '::'
  const [localText = '', remoteText] = file.name.split('->')
  const state = stateOf(file.state)
  const local = endOf(localText, wildcard) ?? (state === TCP_LISTEN ? listenerEnd(localText) : null)
  const remote = remoteText === undefined ? { address: wildcard, port: 0 } : endOf(remoteText, wildcard)
  if (local === null || remote === null) return null
  return {
    kind: kindOf(file.protocol),
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
    state,
    uid,
    inode,
  }
}

/** Linux says what a Unix socket does; macOS gives the path of one that is bound, which is what servers do. */
function unixSocket({ name, state }: ListedFile, inode: number): Socket {
  const [, bound = '', type] = /^(.*?)(?:(?:^| )type=(\w+).*)?$/.exec(name) ?? []
  const path = bound.startsWith('->') ? '' : bound
  const listening = state === 'LISTEN' || (type === undefined && path !== '')
  return { kind: 'unix', listening, stream: type !== 'DGRAM', path, inode }
}

function kindOf(protocol: string): InetSocket['kind'] {
  if (protocol === 'TCP') return 'tcp'
  return protocol === 'UDP' ? 'udp' : 'raw'
}

function stateOf(state: string): number {
  if (state === 'ESTABLISHED') return TCP_ESTABLISHED
  return state === 'LISTEN' ? TCP_LISTEN : TCP_CLOSE
}

function endOf(text: string, wildcard: string): End | null {
  const match = END.exec(text)
  if (match === null) return null
  const address = match[1] === undefined ? canonicalAddress(match[2] ?? match[3] ?? '') : wildcard
  return address === null ? null : { address, port: match[4] === '*' ? 0 : Number(match[4]) }
}

/** That it listens, and on which port, counts more than the address. */
function listenerEnd(text: string): End | null {
  const [, port] = /:(\d+)$/.exec(text) ?? []
  return port === undefined ? null : { address: '::', port: Number(port) }
}
