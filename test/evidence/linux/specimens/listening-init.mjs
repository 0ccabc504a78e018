// The first process of a pid namespace that listens for everybody, as in a container. It starts a gateway, a
// tool of its own, and tools that outlive who started them.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

const [gatewayFile] = process.argv.slice(2)
createServer().listen(0, '0.0.0.0', () => {
  const gateway = spawn(process.execPath, ['--no-warnings', gatewayFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  let output = ''
  let started = false
  const answered = () => (output.match(/"label"/g) ?? []).length
  gateway.stdout.on('data', (chunk) => {
    output += chunk
    const port = /"port":(\d+)/.exec(output)?.[1]
    if (port !== undefined && !started) {
      started = true
      const curl = (label) => `sleep 0.5; exec curl -s http://127.0.0.1:${port}/${label}`
      const run = (command) => spawn('sh', ['-c', command], { stdio: 'ignore' })
      run(curl('child'))
      run(`setsid sh -c '(${curl('orphan')}) & sleep 0.1'`)
      run(`setsid sh -c '${curl('orphan-with-a-session')}' & sleep 0.1`)
    }
    if (answered() === 3) {
      console.log(output)
      process.exit(0)
    }
  })
})
setTimeout(() => process.exit(1), 15_000)
