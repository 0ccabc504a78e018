// The whole matrix of fresh projects: Node 22, 24 and 26, Express 4 and 5, ES modules, CommonJS and TypeScript.
import { spawnSync } from 'node:child_process'

const result = spawnSync(
  process.execPath,
  ['scripts/test.mjs', 'test/package/install', '--verbose', ...process.argv.slice(2)],
  { stdio: 'inherit', env: { ...process.env, LATCHKEY_INSTALL_MATRIX: 'whole' } },
)
process.exit(result.status ?? 1)
