// Everything that an installed Latchkey brings or may bring has a licence that lets anybody use it. Reads the lock file,
// and the licence file of each package, because a field alone can be wrong.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
])
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const optional = Object.keys(packages[''].peerDependencies ?? {}).map((name) => `node_modules/${name}`)

const runtime = Object.entries(packages).filter(
  ([folder, entry]) => folder !== '' && (entry.dev !== true || optional.includes(folder)),
)
const problems = []
for (const [folder, { license, version }] of runtime) {
  const name = `${folder.replace(/^.*node_modules\//, '')}@${version}`
  if (!isAllowed(license)) problems.push(`${name}: ${license ?? 'no licence'} is not on the list`)
  if (
    existsSync(folder) &&
    !readdirSync(folder).some((file) => /^(?:licen[cs]e|copying)/i.test(path.parse(file).name))
  )
    console.warn(`${name}: says ${license}, and has no file with its text`)
}
if (runtime.length === 0) problems.push('package-lock.json lists no package at all')
for (const problem of problems) console.error(problem)
console.log(
  `${runtime.length} packages at run time: ${[...new Set(runtime.map(([, entry]) => entry.license))].sort().join(', ')}`,
)
process.exit(problems.length > 0 ? 1 : 0)

/** `(A OR B)` needs one of them, `A AND B` both; anything else is not understood and not allowed. */
function isAllowed(expression) {
  if (typeof expression !== 'string') return false
  const text = expression.replaceAll(/[()]/g, '')
  if (text.includes(' OR ')) return text.split(' OR ').some(isAllowed)
  if (text.includes(' AND ')) return text.split(' AND ').every(isAllowed)
  return ALLOWED.has(text)
}
