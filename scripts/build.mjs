// Compiles lib/ to dist/, the console's page with the types of a browser, adds the corpus of the testing kit, and makes
// the command executable.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs'

rmSync('dist', { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'lib/admin/console/tsconfig.build.json']) {
  const result = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], {
    stdio: 'inherit',
  })
  if (result.status !== 0) process.exit(1)
}
for (const file of ['console.html', 'console.css', 'icon.svg'])
  copyFileSync(`lib/admin/console/${file}`, `dist/admin/console/${file}`)
mkdirSync('dist/testing/corpus', { recursive: true })
for (const file of ['locality.json', 'proxies.json'])
  copyFileSync(`lib/testing/corpus/${file}`, `dist/testing/corpus/${file}`)
chmodSync('dist/cli/main.js', 0o755)
