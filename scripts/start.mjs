// `npm start`: builds once when there is no build yet, runs the quick start, and says what to try next.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { whatToTry } from '../examples/quick-start/what-to-try.js'

if (!existsSync('dist/index.js')) {
  console.log('building dist/ (once) …')
  const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' })
  if (built.status !== 0) process.exit(1)
}
await import('../examples/quick-start/server.js')

const port = process.env.PORT ?? '4747'
for (let attempt = 0; attempt < 50; attempt += 1) {
  const isReady = await fetch(`http://127.0.0.1:${port}/healthz`).then(
    (response) => response.ok,
    () => false,
  )
  if (isReady) {
    console.log(whatToTry(port))
    break
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}
