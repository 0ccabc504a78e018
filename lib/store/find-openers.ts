import { readdir, readFile, stat } from 'node:fs/promises'

/**
 * The processes that have a file open, as `name (pid)`, as far as this user may see them. Empty where there is
 * no Linux `/proc`: that nobody was found proves nothing.
 */
export async function findOpeners(file: string): Promise<string[]> {
  const wanted = await stat(file, { bigint: true })
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => ((await hasOpen(pid, wanted)) ? `${await nameOf(pid)} (pid ${pid})` : null)),
  )
  return found.filter((opener) => opener !== null)
}

async function hasOpen(
  pid: string,
  wanted: { readonly dev: bigint; readonly ino: bigint },
): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const descriptor of descriptors) {
    const seen = await stat(`/proc/${pid}/fd/${descriptor}`, { bigint: true }).catch(() => null)
    if (seen !== null && seen.dev === wanted.dev && seen.ino === wanted.ino) return true
  }
  return false
}

async function nameOf(pid: string): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a process')
  return name.replaceAll(/[^\x20-\x7e]/g, '')
}
