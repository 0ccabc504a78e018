import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

// Keys and secrets of a test run stay out of the home of whoever runs it; children inherit this.
const home = mkdtempSync(path.join(tmpdir(), 'latchkey-home-'))
process.env.LATCHKEY_HOME = home
process.once('exit', () => {
  rmSync(home, { recursive: true, force: true })
})
