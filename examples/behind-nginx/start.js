// The app and a real nginx before it, on free ports and in a folder of their own, with one command. Shows how a
// curl on this machine is seen, directly and through nginx, and goes on until Ctrl-C.
//   node examples/behind-nginx/start.js    needs nginx and curl, and no rights
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

// Debian keeps nginx where the PATH of ordinary users does not lead.
process.env.PATH = `${process.env.PATH ?? ''}:/usr/sbin`
execFileSync('nginx', ['-v'], { stdio: 'ignore' })

const folder = mkdtempSync(path.join(tmpdir(), 'behind-nginx-'))
const [app, front, file] = [await freePort(), await freePort(), path.join(folder, 'nginx.conf')]
const template = readFileSync(new URL('nginx.conf', import.meta.url), 'utf8')
writeFileSync(file, template.replace('127.0.0.1:8080;', `127.0.0.1:${front};`).replace('127.0.0.1:4747;', `127.0.0.1:${app};`)) // prettier-ignore

const env = { ...process.env, PORT: String(app), LATCHKEY_STATE_DIR: path.join(folder, 'state') }
const children = [
  spawn(process.execPath, [path.join(import.meta.dirname, 'server.js')], { env, stdio: 'inherit' }),
  spawn('nginx', ['-e', 'stderr', '-p', folder, '-c', file], { stdio: 'inherit' }),
]
let running = children.length
const stop = () => children.forEach((child) => child.kill('SIGTERM'))
for (const child of children) {
  child.once('close', () => {
    // When one ends, the other has to as well; the folder goes last.
    if (--running > 0) stop()
    else rmSync(folder, { recursive: true })
  })
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop)
process.once('exit', stop)

console.log(`configuration:  ${file}`)
console.log(`directly:       ${told(app)}`)
console.log(`through nginx:  ${told(front)}`)
console.log(`by its name:    ${told(front, 'gateway.example')}`)
console.log(`Try: curl http://127.0.0.1:${app}/admin and curl http://127.0.0.1:${front}/admin`)

/** What the app says to a curl of this machine. @param {number} port */
function told(port, host = `127.0.0.1:${port}`) {
  const patience = ['--retry', '20', '--retry-delay', '1', '--retry-all-errors', '--fail']
  const args = ['-sS', ...patience, '-H', `Host: ${host}`, `http://127.0.0.1:${port}/whoami`]
  const answer = execFileSync('curl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const { isLocal, reason, clientAddress } = JSON.parse(answer)
  return `${isLocal ? 'local' : 'not local'}, ${reason}, client ${clientAddress}`
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}
