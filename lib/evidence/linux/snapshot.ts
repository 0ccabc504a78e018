import { readdirSync, readlinkSync } from 'node:fs'
import { networkNamespace, readAncestors, type Ancestor } from './ancestors.ts'
import { describeProcess, unlessGone, type Descriptor, type ProcessDescription } from './proc-process.ts'
import { readSocketTable, readTcpSockets } from './read-socket-table.ts'
import { socketInode } from './relay-signs.ts'
import type { SocketTable } from './socket-table.ts'
import { ephemeralPorts, hostAddresses, type Surroundings } from './surroundings.ts'

/** Processes and sockets as they were at about one time. */
export type Snapshot = {
  /** `null` when the process has gone or may not be looked into. */
  process(pid: number): ProcessDescription | null
  ancestors(pid: number): readonly Ancestor[]
  readonly around: Surroundings
  /** The same, as seen from the network namespace of an ancestor. */
  aroundAncestor(ancestor: Ancestor): Surroundings
}

/** Reads `pids` and their ancestors first, then the tables, so that what they hold is likely in these. */
export function takeSnapshot(pids: ReadonlySet<number>, ownPid: number, tcp?: SocketTable): Snapshot {
  const processes = new Map([...pids].map((pid) => [pid, describeOrNull(pid)]))
  const ancestors = new Map<number, readonly Ancestor[]>()
  for (const process of processes.values()) {
    if (process !== null) ancestors.set(process.pid, readAncestors(process, ownPid))
  }
  // Nobody to judge: the tables need not be read. They are when they are asked for after all.
  let around = pids.size === 0 ? null : readSurroundings(tcp)
  const here = (): Surroundings => (around ??= readSurroundings(tcp))
  for (const [pid, process] of processes) {
    if (process !== null) processes.set(pid, withoutClosed(process, here().table))
  }
  const elsewhere = new Map<string, Surroundings>()
  return {
    process: (pid) => processes.get(pid) ?? null,
    ancestors: (pid) => ancestors.get(pid) ?? [],
    get around() {
      return here()
    },
    aroundAncestor(ancestor) {
      if (ancestor.networkNamespace === networkNamespace('self')) return here()
      const known = elsewhere.get(ancestor.networkNamespace)
      if (known !== undefined) return known
      const table = readTcpSockets(`/proc/${ancestor.process.pid}/net`)
      const there = { ...here(), table, isOnHost: () => false }
      elsewhere.set(ancestor.networkNamespace, there)
      return there
    },
  }
}

function readSurroundings(tcp: SocketTable | undefined): Surroundings {
  return {
    ownInodes: readOwnInodes(),
    table: readSocketTable(tcp ?? readTcpSockets()),
    isOnHost: hostAddresses(),
    isEphemeral: ephemeralPorts(),
  }
}

/**
 * A tool that makes a connection per call closes one at any moment: what it closed before the tables were read is in
 * none of them, and is no socket of an unknown kind. Looked for among all it holds now, as a descriptor can be moved.
 */
function withoutClosed(process: ProcessDescription, table: SocketTable): ProcessDescription {
  const isInNoTable = (descriptor: Descriptor): boolean => {
    const inode = socketInode(descriptor)
    return inode !== null && table.byInode(inode).length === 0
  }
  if (!process.descriptors.some(isInNoTable)) return process
  const later = describeOrNull(process.pid)
  if (later?.startTime !== process.startTime) return process
  const held = new Set(later.descriptors.map(({ link }) => link))
  return {
    ...process,
    descriptors: process.descriptors.filter((one) => !isInNoTable(one) || held.has(one.link)),
  }
}

function describeOrNull(pid: number): ProcessDescription | null {
  try {
    return describeProcess(pid)
  } catch {
    return null
  }
}

/** One table is enough here, as Node shares it between its threads; there may be thousands of connections. */
function readOwnInodes(): ReadonlySet<number> {
  const inodes = new Set<number>()
  for (const fd of readdirSync('/proc/self/fd')) {
    unlessGone(() => {
      const inode = socketInode({ link: readlinkSync(`/proc/self/fd/${fd}`) })
      if (inode !== null) inodes.add(inode)
    })
  }
  return inodes
}
