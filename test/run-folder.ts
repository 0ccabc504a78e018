import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** Makes the folder for the homes of a run; jest calls the result at its end. */
export default function makeRunFolder(): void {
  process.env.LATCHKEY_TEST_HOMES = mkdtempSync(path.join(tmpdir(), 'latchkey-homes-'))
}

export function removeRunFolder(): void {
  const folder = process.env.LATCHKEY_TEST_HOMES
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}
