import { readdirSync, readlinkSync } from 'node:fs'

/** A process that has the socket open, and the link by which it was found. */
export type Holder = { readonly pid: number; readonly link: string }

/**
 * The processes that hold each of these socket inodes. Processes that may not be looked into are passed
 * over: with the rights of an ordinary user there always are some, so a holder among those stays unseen when
 * there is another one besides.
 */
export function findHolders(inodes: ReadonlySet<number>): ReadonlyMap<number, readonly Holder[]> {
  const wanted = new Map([...inodes].map((inode) => [`socket:[${inode}]`, inode]))
  const found = new Map<number, Holder[]>([...inodes].map((inode) => [inode, []]))
  const search = (pid: number, folder: string, descriptors: readonly string[]): void => {
    for (const fd of descriptors) {
      const link = `${folder}/${fd}`
      const holders = found.get(wanted.get(linkTarget(link)) ?? -1)
      if (holders !== undefined && holders.at(-1)?.pid !== pid) holders.push({ pid, link })
    }
  }
  for (const name of list('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const pid = Number(name)
    const shared = list(`/proc/${name}/fd`)
    search(pid, `/proc/${name}/fd`, shared)
    for (const thread of list(`/proc/${name}/task`)) {
      if (thread === name) continue
      // Threads share one table unless they asked for their own; reading it again is only worth it then.
      const own = list(`/proc/${name}/task/${thread}/fd`)
      if (own.join() !== shared.join()) search(pid, `/proc/${name}/task/${thread}/fd`, own)
    }
  }
  return found
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function linkTarget(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
