// Types, lint rules and formatting of the whole tree; stops with the first tool that complains.
import { spawnSync } from 'node:child_process'

const tools = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'],
  ['node_modules/typescript/bin/tsc', '-p', 'lib/admin/console/tsconfig.json'],
  ['node_modules/typescript/bin/tsc', '-p', 'examples/tsconfig.json'],
  ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings=0'],
  ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
]
for (const tool of tools) {
  const result = spawnSync(process.execPath, tool, { stdio: 'inherit' })
  if (result.status !== 0) process.exit(result.status ?? 1)
}
