// Compiles lib/ to dist/ and makes the command executable.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
const result = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
if (result.status !== 0) process.exit(1)
chmodSync('dist/cli/main.js', 0o755)
