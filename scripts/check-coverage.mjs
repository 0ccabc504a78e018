// Runs the tests of lib/locality (or the folder named, such as pairing) and holds their coverage to this: every line,
// every function, and every branch but one kind, the fallback `??` behind an index, which the compiler asks for and no
// input reaches. The floor below is for the folder that is not there yet.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const [part = 'locality'] = process.argv.slice(2)
const FLOORS = { locality: 100, pairing: 94 }

const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js']
const flags = ['--silent', '--coverage', '--coverageProvider=v8', '--coverageReporters=json']
const from = `--collectCoverageFrom=lib/${part}/**/*.ts`
const run = spawnSync(process.execPath, [...jest, `test/${part}/`, ...flags, from], { stdio: 'inherit' })
if (run.status !== 0) process.exit(run.status ?? 1)

const report = JSON.parse(readFileSync('coverage/coverage-final.json', 'utf8'))
let total = 0
let taken = 0
const missed = []
for (const [file, { branchMap, b, fnMap, f, statementMap, s }] of Object.entries(report)) {
  const lines = readFileSync(file, 'utf8').split('\n')
  const at = (line) => `${path.relative('.', file)}:${line}: ${lines[line - 1]?.trim()}`
  for (const [id, { loc }] of Object.entries(branchMap)) {
    const text = lines[loc.start.line - 1] ?? ''
    const isTaken = b[id].every((count) => count > 0)
    if (!isTaken && text.includes(' ?? ')) continue
    total += 1
    if (isTaken) taken += 1
    else missed.push(at(loc.start.line))
  }
  for (const [id, { loc }] of Object.entries(fnMap)) if (f[id] === 0) missed.push(at(loc.start.line))
  for (const [id, { start }] of Object.entries(statementMap)) if (s[id] === 0) missed.push(at(start.line))
}
const percent = (100 * taken) / total
for (const line of new Set(missed)) console.log(`not reached: ${line}`)
console.log(`lib/${part}: ${percent.toFixed(2)} % of ${total} branches, without the fallbacks of an index`)
const floor = FLOORS[part] ?? 100
process.exit(percent < floor || (floor === 100 && missed.length > 0) ? 1 : 0)
