// The whole test run: tools that the tests drive, the build that the out-of-process tests use, then jest.
// Arguments go to jest: `npm test -- test/locality`.
import { spawnSync } from 'node:child_process'
import { ensureTools } from './ensure-tools.mjs'

ensureTools()
run(['scripts/build.mjs'])
run(['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)])

function run(args) {
  const result = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
}
