// The hygiene of the tree: what is unused, licences, known vulnerabilities, links, spelling, documentation of what is
// exported, coverage of what decides. Each can be run alone: `npm run check -- links spelling`.
import { spawnSync } from 'node:child_process'

const CHECKS = {
  unused: ['node_modules/knip/bin/knip.js', '--no-config-hints', '--no-progress'],
  licences: ['scripts/check-licences.mjs'],
  audit: ['scripts/check-audit.mjs'],
  links: ['scripts/check-links.mjs'],
  spelling: ['node_modules/cspell/bin.mjs', 'lint', '--no-progress', '--no-summary'],
  reference: ['node_modules/typedoc/bin/typedoc', '--emit', 'none'],
  coverage: ['scripts/check-coverage.mjs'],
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in CHECKS))
if (unknown.length > 0) {
  console.error(`no check is named ${unknown.join(', ')}; there are: ${Object.keys(CHECKS).join(', ')}`)
  process.exit(2)
}
const failed = []
for (const [name, command] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const startedMs = Date.now()
  const result = spawnSync(process.execPath, command, { stdio: 'inherit' })
  const isGood = result.status === 0
  console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`)
  if (!isGood) failed.push(name)
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`)
  process.exit(1)
}
