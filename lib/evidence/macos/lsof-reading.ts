import type { Ancestor } from '../linux/ancestors.ts'
import type { Holder } from '../linux/find-holders.ts'
import type { ProcessDescription } from '../linux/proc-process.ts'
import type { Snapshot } from '../linux/snapshot.ts'
import { socketTable, type Socket, type SocketTable } from '../linux/socket-table.ts'
import { hostAddresses } from '../linux/surroundings.ts'
import { listedSocket } from './listed-socket.ts'
import type { ListedFile, ListedProcess } from './parse-lsof.ts'
import type { RunningProcess } from './parse-ps.ts'

/** What lsof printed, and what ps printed before and after it. */
export type Listing = {
  readonly processes: readonly ListedProcess[]
  readonly before: ReadonlyMap<number, RunningProcess>
  readonly after: ReadonlyMap<number, RunningProcess>
}

export type LsofReading = {
  readonly table: SocketTable
  readonly snapshot: Snapshot
  readonly holdersOf: (inode: number) => readonly Holder[]
  /** The pid stood for the same process before lsof ran and after it. */
  readonly isUnchanged: (process: ProcessDescription) => boolean
}

/** Above all numbers of inodes. */
export const FIRST_MADE_UP_INODE = 2 ** 40
const INIT = 1

/** Brings what lsof lists into the form in which processes are judged on Linux. */
export function lsofReading(
  { processes, before, after }: Listing,
  ownPid: number,
  isEphemeral: (port: number) => boolean,
): LsofReading {
  const sockets = new Map<number, Socket>()
  const holders = new Map<number, Holder[]>()
  const held = new Map<number, number[]>()
  const inodeOf = inodes()
  for (const { pid, uid, files } of processes) {
    const inodesHeld = files.map((file) => {
      const inode = inodeOf(file)
      const socket = listedSocket(file, uid, inode)
      if (socket !== null) sockets.set(inode, socket)
      const list = holders.get(inode) ?? []
      if (list.at(-1)?.pid !== pid) holders.set(inode, [...list, { pid, link: '' }])
      return inode
    })
    held.set(pid, inodesHeld)
  }
  const listed = new Map(processes.map((process) => [process.pid, process]))
  const describe = (pid: number): ProcessDescription | null => {
    const running = before.get(pid)
    if (running === undefined) return null
    const { command = running.program, uid } = listed.get(pid) ?? {}
    return {
      ...running,
      comm: command,
      session: 0,
      uids: uid === undefined ? running.uids : [...running.uids, uid],
      descriptors: (held.get(pid) ?? []).map((inode) => ({ link: `socket:[${inode}]`, plainRing: false })),
    }
  }
  const table = socketTable(sockets.values())
  const around = { table, isEphemeral, isOnHost: hostAddresses(), ownInodes: new Set(held.get(ownPid)) }
  return {
    table,
    snapshot: {
      around,
      process: describe,
      aroundAncestor: () => around,
      ancestors: (pid) => ancestorsOf(pid, ownPid, before, describe),
    },
    holdersOf: (inode) => holders.get(inode) ?? [],
    isUnchanged: ({ pid, startTime }) => after.get(pid)?.startTime === startTime,
  }
}

/** The direct parent, and those above it at the same terminal; not the first process, which adopts orphans. */
function ancestorsOf(
  pid: number,
  until: number,
  running: ReadonlyMap<number, RunningProcess>,
  describe: (pid: number) => ProcessDescription | null,
): Ancestor[] {
  const ancestors: Ancestor[] = []
  const terminal = running.get(pid)?.terminal
  let next = running.get(pid)?.parent
  while (next !== undefined && next > INIT && next !== until && ancestors.length < running.size) {
    const isParent = ancestors.length === 0
    const process = describe(next)
    if (process === null || (!isParent && running.get(next)?.terminal !== terminal)) break
    ancestors.push({ process, isParent, networkNamespace: '' })
    next = process.parent
  }
  return ancestors
}

/** Linux names sockets by their inodes; macOS by addresses in the kernel, which get numbers here. */
function inodes(): (file: ListedFile) => number {
  const madeUp = new Map<string, number>()
  return ({ device, inode, type, name }) => {
    const known = [inode, device].find((text) => /^[1-9]\d*$/.test(text))
    if (known !== undefined) return Number(known)
    // Without any name of its own it is nobody else's, and nothing explains it.
    const key = device === '' ? `${madeUp.size} ${type} ${name}` : device
    const number = madeUp.get(key) ?? FIRST_MADE_UP_INODE + madeUp.size
    madeUp.set(key, number)
    return number
  }
}
