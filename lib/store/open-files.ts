import { stat } from 'node:fs/promises'

const counts = new Map<string, number>()

/** True when this process has the file open as a store, under whatever name. */
export async function isOpenHere(file: string): Promise<boolean> {
  return counts.has(await identity(file))
}

/** Notes that it is open, until the returned function is called. */
export async function noteOpenFile(file: string): Promise<() => void> {
  const key = await identity(file)
  counts.set(key, (counts.get(key) ?? 0) + 1)
  return () => {
    const left = (counts.get(key) ?? 1) - 1
    if (left === 0) counts.delete(key)
    else counts.set(key, left)
  }
}

async function identity(file: string): Promise<string> {
  const { dev, ino } = await stat(file, { bigint: true })
  return `${dev}:${ino}`
}
