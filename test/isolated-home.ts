import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

// Keys and secrets of a test run stay out of the home of whoever runs it; children inherit this. One home for each
// test file, in the folder that the run removes in the end.
const home = path.join(process.env.LATCHKEY_TEST_HOMES ?? tmpdir(), randomUUID())
mkdirSync(home, { mode: 0o700 })
process.env.LATCHKEY_HOME = home
