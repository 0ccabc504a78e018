// `npm start`: builds once when there is no build yet, then runs the quick start.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

if (!existsSync('dist/index.js')) {
  console.log('building dist/ (once) …')
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
  if (built.status !== 0) process.exit(1)
}
await import('../examples/quick-start/server.js')
