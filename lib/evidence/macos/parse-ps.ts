import { basename } from 'node:path'

export type RunningProcess = {
  readonly pid: number
  readonly parent: number
  /** Effective, real and saved. */
  readonly uids: readonly number[]
  /** Stands in for the session, which ps does not print on macOS. */
  readonly terminal: string
  /** To the second, as text to be compared. */
  readonly startTime: string
  readonly program: string
}

/** Each a flag of its own: after an equals sign ps takes the rest of an argument for a heading. */
export const PS_ARGUMENTS: readonly string[] = [
  '-ax',
  ...['pid=', 'ppid=', 'uid=', 'ruid=', 'svuid=', 'tty=', 'lstart=', 'comm='].flatMap((name) => ['-o', name]),
]

const ROW =
  /^\s*(\d+)\s+(\d+)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+[\d:]+\s+\d{4})\s+(.*?)\s*$/

/** Rows of `ps` with `PS_ARGUMENTS`. A row that cannot be read is left out: its process is then unknown. */
export function parsePs(text: string): ReadonlyMap<number, RunningProcess> {
  const processes = new Map<number, RunningProcess>()
  for (const line of text.split('\n')) {
    const match = ROW.exec(line)
    if (match === null) continue
    const [, pid, parent, effective, real, saved, terminal = '', startTime = '', command = ''] = match
    processes.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      uids: [Number(effective), Number(real), Number(saved)],
      terminal,
      startTime,
      program: basename(command),
    })
  }
  return processes
}
