// Runs a command under a Node that Latchkey supports. When the `node` on the PATH is too old, Node 24 is
// fetched once through npm into .node/ (the package carries the binary, nothing is compiled or downloaded).
// Must itself run on old versions of Node.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// The package runs from 22.14 on; the tests run the sources as they are, which Node does from 22.18 on.
const MINIMUM = [22, 18]
const FETCHED = '24'
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const [command, ...args] = process.argv.slice(2)
if (command === undefined) {
  console.error('usage: node scripts/with-node.mjs <command> [arguments…]')
  process.exit(2)
}

const binDir = isSupported(process.versions.node) ? path.dirname(process.execPath) : fetchedNode()
const env = { ...process.env, PATH: binDir + path.delimiter + (process.env.PATH ?? '') }
const child = spawn(command === 'node' ? path.join(binDir, nodeFile()) : command, args, {
  stdio: 'inherit',
  env,
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`cannot run ${command}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))

function isSupported(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
}

function nodeFile() {
  return process.platform === 'win32' ? 'node.exe' : 'node'
}

function fetchedNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = path.join(root, '.node')
  const bin = path.join(folder, 'node_modules', name, 'bin')
  if (!existsSync(path.join(bin, nodeFile()))) {
    console.error(
      `Node ${process.versions.node} is too old to work on Latchkey (that takes ${MINIMUM.join('.')} or newer): fetching Node ${FETCHED} through npm (${name}) into .node/ …`,
    )
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n')
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const flags = [
      'install',
      '--prefix',
      folder,
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--loglevel=error',
    ]
    const result = spawnSync(npm, [...flags, `${name}@${FETCHED}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (result.status !== 0 || !existsSync(path.join(bin, nodeFile()))) {
      console.error(
        `Could not fetch it. Install Node ${MINIMUM.join('.')} or newer yourself and run the command again.`,
      )
      process.exit(1)
    }
  }
  return bin
}
