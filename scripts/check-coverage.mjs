// Runs the tests of lib/locality and lib/pairing (or of the parts named) and holds their coverage to this: every line,
// every function, and every branch but one kind, the fallback `??` behind an index, which the compiler asks for and no
// input reaches. Those of lib/pairing run on the memory store alone, and without the random steps of its models: what
// those reach by chance is no proof.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const named = process.argv.slice(2)
const parts = named.length > 0 ? named : ['locality', 'pairing']

const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js']
const tests = [
  ...parts.map((part) => `test/${part}/`),
  '--testPathIgnorePatterns=test/pairing/.*property\\.test',
]
const flags = ['--silent', '--coverage', '--coverageProvider=v8', '--coverageReporters=json']
const from = parts.map((part) => `--collectCoverageFrom=lib/${part}/**/*.ts`)
const env = { ...process.env, LATCHKEY_TEST_STORES: 'memory' }
const run = spawnSync(process.execPath, [...jest, ...tests, ...flags, ...from], { stdio: 'inherit', env })
if (run.status !== 0) process.exit(run.status ?? 1)

const report = Object.entries(JSON.parse(readFileSync('coverage/coverage-final.json', 'utf8')))
const missedIn = (part) => {
  const missed = new Set()
  let [total, taken] = [0, 0]
  for (const [file, { branchMap, b, fnMap, f, statementMap, s }] of report) {
    const name = path.relative('.', file)
    if (!name.startsWith(`lib/${part}/`)) continue
    const lines = readFileSync(file, 'utf8').split('\n')
    const at = (line) => `${name}:${line}: ${lines[line - 1]?.trim()}`
    for (const [id, { loc }] of Object.entries(branchMap)) {
      const text = lines[loc.start.line - 1] ?? ''
      const isTaken = b[id].every((count) => count > 0)
      if (!isTaken && text.includes(' ?? ')) continue
      total += 1
      if (isTaken) taken += 1
      else missed.add(at(loc.start.line))
    }
    for (const [id, { loc }] of Object.entries(fnMap)) if (f[id] === 0) missed.add(at(loc.start.line))
    for (const [id, { start }] of Object.entries(statementMap)) if (s[id] === 0) missed.add(at(start.line))
  }
  for (const line of missed) console.log(`not reached: ${line}`)
  const percent = total === 0 ? 0 : (100 * taken) / total
  console.log(`lib/${part}: ${percent.toFixed(2)} % of ${total} branches, without the fallbacks of an index`)
  return total === 0 || missed.size > 0
}
process.exit(parts.map(missedIn).includes(true) ? 1 : 0)
