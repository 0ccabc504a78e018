// The tests of one part of lib as one file: jest makes a new world for each file, and reads all modules again in it,
// which costs a mutant more than the tests do. Those that try thousands of inputs are left out.
import { readdirSync } from 'node:fs'

const area = process.env.LATCHKEY_MUTATE ?? 'locality'
/** These notice most, so a mutant ends there. */
const FIRST = ['rules.test.ts', 'edges.test.ts', 'decide-pairing.test.ts', 'state-matrix.test.ts']
const SLOW = /(?:property|proxy-addr)\.test\.ts$/

const folder = new URL(`../${area}/`, import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.test.ts') && !SLOW.test(file))
const first = FIRST.filter((file) => files.includes(file))
for (const file of new Set([...first, ...files.sort()])) await import(new URL(file, folder).href)
