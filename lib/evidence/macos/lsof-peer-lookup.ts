import { execFile } from 'node:child_process'
import type { PeerLookup } from '../peer-lookup.ts'
import { snapshotQueue } from '../linux/snapshot-queue.ts'
import { inspectWithLsof } from './inspect-with-lsof.ts'
import { lsofReading, type LsofReading } from './lsof-reading.ts'
import { LSOF_FIELDS, parseLsof } from './parse-lsof.ts'
import { parsePs, PS_ARGUMENTS } from './parse-ps.ts'

export type LsofPeerLookupOptions = {
  /** How long one look-up may take, waiting included. Default 5000. */
  readonly timeoutMs?: number
  /** Rest between two runs of lsof, so that strangers cannot keep a core busy. Default 200. */
  readonly minIntervalMs?: number
  /** Look-ups beyond these are refused at once. Default 256. */
  readonly maxWaiting?: number
  /** The program. Default: the one of macOS, `/usr/sbin/lsof`. */
  readonly lsof?: string
  /** The ports that the system hands out to those who connect. Default: those of macOS, 49152 to 65535. */
  readonly isEphemeral?: (port: number) => boolean
}

const OUTPUT_LIMIT = 64 * 1024 * 1024
const LSOF_ARGUMENTS = ['-nP', '-w', '+c0', '-i', '-U', '-F', LSOF_FIELDS]

/**
 * Asks lsof and ps who is at the other end of a loopback connection, and judges them as the look-up on Linux
 * does, as far as the two show: sockets, names, users, parents. Keeps no process alive.
 *
 * They show an ordinary user its own processes alone: another user's client is `unproven`, and another user's
 * process that shares a connection with one of ours stays unseen. They show no tunnel devices, no sockets
 * without an address, and no number by which a connection is told from an earlier one between the same ports.
 */
export function lsofPeerLookup(options: LsofPeerLookupOptions = {}): PeerLookup {
  const timeoutMs = options.timeoutMs ?? 5000
  const isEphemeral = options.isEphemeral ?? ((port) => port >= 49152)
  const self = { pid: process.pid, uid: process.geteuid?.() ?? -1 }
  const running = async () => parsePs(await output('/bin/ps', PS_ARGUMENTS, timeoutMs))

  async function read(): Promise<LsofReading> {
    const before = await running()
    const processes = parseLsof(await output(options.lsof ?? '/usr/sbin/lsof', LSOF_ARGUMENTS, timeoutMs))
    return lsofReading({ before, processes, after: await running() }, self.pid, isEphemeral)
  }

  const queue = snapshotQueue((questions) => inspectWithLsof(questions, read, self), {
    timeoutMs,
    minIntervalMs: options.minIntervalMs ?? 200,
    maxWaiting: options.maxWaiting ?? 256,
  })
  return {
    name: 'lsof',
    lookup: (connection, { peerUsers }) => queue.ask({ connection, peerUsers }),
    close() {
      queue.close()
      return Promise.resolve()
    },
  }
}

/** What a program prints. Rejects when it fails, is cut short, complains or takes too long. */
function output(program: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' }
    const child = execFile(
      program,
      args,
      { maxBuffer: OUTPUT_LIMIT, env, encoding: 'utf8' },
      (error, stdout, stderr) => {
        clearTimeout(deadline)
        // lsof ends with 1 also when one of the kinds of files asked for is nowhere open.
        if (stderr !== '' || (error !== null && error.code !== 1)) {
          reject(new Error(`${program} failed: ${stderr === '' ? (error?.message ?? '') : stderr}`))
        } else resolve(stdout)
      },
    )
    // Not the option of execFile, which would keep the process alive for that long.
    const deadline = setTimeout(() => child.kill('SIGKILL'), timeoutMs).unref()
    child.unref()
    for (const stream of [child.stdout, child.stderr]) (stream as { unref?: () => void } | null)?.unref?.()
  })
}
