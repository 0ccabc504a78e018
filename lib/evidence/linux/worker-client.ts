import { Worker } from 'node:worker_threads'
import type { PeerEvidence } from '../../locality/verdict.ts'
import type { Question } from './inspect-connections.ts'
import type { SnapshotReply, SnapshotRequest } from './serve-snapshots.ts'

/** Takes one snapshot at a time in a thread of its own. */
export type WorkerClient = {
  /** Starts the thread ahead of the first question. Never throws: a failure shows with that question. */
  start(): void
  /** Rejects when the thread fails or takes too long; the next call starts a new one. */
  snapshot(questions: readonly Question[]): Promise<readonly PeerEvidence[]>
  close(): Promise<void>
}

type Pending = { readonly settle: (answers: readonly PeerEvidence[] | null) => void }

/** The thread is started by `start` or the first question, and keeps no process alive. */
export function workerClient(deadlineMs: number, script: URL): WorkerClient {
  const pending = new Map<number, Pending>()
  let worker: Worker | null = null
  let lastId = 0

  function drop(broken: Worker): void {
    if (worker !== broken) return
    worker = null
    for (const { settle } of pending.values()) settle(null)
  }

  function newWorker(): Worker {
    // Without the flags and variables of the main thread: an inspector or a loader has no business in there.
    const started = new Worker(script, { execArgv: [], env: {}, name: 'latchkey-peers' })
    started.on('message', ({ id, answers }: SnapshotReply) => pending.get(id)?.settle(answers))
    started.on('error', () => drop(started))
    started.on('exit', () => drop(started))
    started.unref()
    return started
  }

  return {
    start() {
      try {
        worker ??= newWorker()
      } catch {
        // Threads may be forbidden here (the permission model does so); the first question says so.
      }
    },
    snapshot(questions) {
      return new Promise((resolve, reject) => {
        const current = (worker ??= newWorker())
        const id = (lastId += 1)
        current.postMessage({ id, questions } satisfies SnapshotRequest)
        const deadline = setTimeout(() => {
          drop(current)
          void current.terminate()
        }, deadlineMs).unref()
        pending.set(id, {
          settle(answers) {
            pending.delete(id)
            clearTimeout(deadline)
            if (answers === null) reject(new Error('the snapshot failed'))
            else resolve(answers)
          },
        })
      })
    },
    async close() {
      const last = worker
      if (last === null) return
      drop(last)
      await last.terminate()
    },
  }
}

/** A file beside this one. The compiler rewrites the endings of imports, but not the one in here. */
export function workerScript(name: 'peer-worker' | 'netlink-worker'): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
}
