import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Microseconds of CPU time that the processes of a PostgreSQL server have taken so far, by Linux's /proc. What a
 * process did between the last look and its end is not in it.
 *
 * @param folder of the server's data
 */
export function postgresCpu(folder: string): () => number {
  const postmaster = readFileSync(path.join(folder, 'postmaster.pid'), 'utf8').split('\n')[0] ?? ''
  const seen = new Map<string, number>()
  return () => {
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue
      try {
        const [, parent] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
        if (parent !== postmaster && pid !== postmaster) continue
        const [nanoseconds = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
        seen.set(pid, Number(nanoseconds) / 1000)
      } catch {
        // It has ended meanwhile.
      }
    }
    return [...seen.values()].reduce((sum, value) => sum + value, 0)
  }
}
