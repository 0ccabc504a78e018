import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from '@jest/globals'

/** A folder of its own per call, all removed after the file's tests. */
export function scratchFolders(): () => string {
  const root = mkdtempSync(path.join(tmpdir(), 'latchkey-store-test-'))
  // Others may pass through, for the tests that open a store as another user.
  chmodSync(root, 0o755)
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  return () => {
    const folder = mkdtempSync(path.join(root, 'f-'))
    chmodSync(folder, 0o755)
    return folder
  }
}

/** Name → content, mode and times of all that is in a folder: equal before and after when nothing was touched. */
export function photograph(folder: string): Record<string, string> {
  const entries = readdirSync(folder).map((name): [string, string] => {
    const file = path.join(folder, name)
    const stats = lstatSync(file, { bigint: true })
    const content = stats.isFile()
      ? createHash('sha256').update(readFileSync(file)).digest('hex')
      : 'not a file'
    return [name, `${stats.size} bytes, mode ${stats.mode.toString(8)}, written ${stats.mtimeNs}, ${content}`]
  })
  return Object.fromEntries(entries)
}
