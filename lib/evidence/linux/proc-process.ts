import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { isPlainRing } from './ring-sign.ts'

/** What `/proc/PID/stat` says, for everybody to read. */
export type ProcessStat = {
  readonly comm: string
  readonly parent: number
  readonly session: number
  /** Clock ticks after boot: with the pid, the identity of a process. */
  readonly startTime: string
}

/** One open file, by what its link says: `socket:[123]`, `/dev/net/tun`, `anon_inode:[io_uring]`. */
export type Descriptor = { readonly link: string; readonly plainRing: boolean }

export type ProcessDescription = ProcessStat & {
  readonly pid: number
  /** Base name of the program file, `null` when it cannot be read. */
  readonly program: string | null
  /** Real, effective, saved and file-system ids of all threads. */
  readonly uids: readonly number[]
  /** Of all threads: a thread can have a table of its own. */
  readonly descriptors: readonly Descriptor[]
}

const RING = 'anon_inode:[io_uring]'
const RING_ATTEMPTS = 5

/** Throws when the process has gone. */
export function readStat(pid: number): ProcessStat {
  return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** The name stands in parentheses and may hold spaces, parentheses and line feeds itself. */
export function parseStat(text: string): ProcessStat {
  const end = text.lastIndexOf(')')
  const fields = text.slice(end + 2).split(' ')
  const [parent, session, startTime] = [fields[1], fields[3], fields[19]]
  if (end === -1 || parent === undefined || session === undefined || startTime === undefined) {
    throw new Error('the state of a process cannot be read')
  }
  const comm = text.slice(text.indexOf('(') + 1, end)
  return { comm, parent: Number(parent), session: Number(session), startTime }
}

/** Everything that rule 9 judges. Throws when the process has gone or any part of it may not be read. */
export function describeProcess(pid: number): ProcessDescription {
  const stat = readStat(pid)
  const uids = new Set<number>()
  const descriptors = new Map<string, Descriptor>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`
    unlessGone(() => {
      for (const uid of parseUids(readFileSync(`${folder}/status`, 'utf8'))) uids.add(uid)
      for (const fd of readdirSync(`${folder}/fd`)) {
        unlessGone(() => {
          const descriptor = readDescriptor(folder, fd)
          descriptors.set(`${fd} ${descriptor.link} ${descriptor.plainRing}`, descriptor)
        })
      }
    })
  }
  return { ...stat, pid, program: readProgram(pid), uids: [...uids], descriptors: [...descriptors.values()] }
}

export function parseUids(status: string): number[] {
  const [, ids] = /^Uid:\t(\d+\t\d+\t\d+\t\d+)$/m.exec(status) ?? []
  if (ids === undefined) throw new Error('the users of a process cannot be read')
  return ids.split('\t').map(Number)
}

/** Runs `read`; a thread or descriptor that went away in between is no failure, one that is barred is. */
export function unlessGone(read: () => void): void {
  try {
    read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error
  }
}

function readDescriptor(folder: string, fd: string): Descriptor {
  const link = readlinkSync(`${folder}/fd/${fd}`)
  let plainRing = false
  // The ring may be locked by the process that uses it at that very moment.
  for (let attempt = 0; link === RING && !plainRing && attempt < RING_ATTEMPTS; attempt += 1) {
    plainRing = isPlainRing(readFileSync(`${folder}/fdinfo/${fd}`, 'latin1'))
  }
  return { link, plainRing }
}

/** `null` for threads of the kernel and what may not be looked into. */
export function readProgram(pid: number): string | null {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''))
  } catch {
    return null
  }
}
