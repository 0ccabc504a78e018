// Two gateways on one PostgreSQL database, and nginx in front of them, which takes turns. One command:
//   node examples/two-nodes/run.js
// Takes the database that DATABASE_URL names, or starts PostgreSQL from Debian's package in a temporary folder.
// PORT is that of nginx (4747); the two gateways listen on the next two.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startBalancer } from './balancer.js'
import { startDatabase } from './database.js'

const port = Number(process.env.PORT ?? 4747)
const folder = mkdtempSync(path.join(tmpdir(), 'two-nodes-'))
/** @type {(() => unknown)[]} Last started, first ended. */
const ends = [() => rmSync(folder, { recursive: true, force: true })]
let isEnding = false

async function end(code = 0) {
  if (isEnding) return
  isEnding = true
  for (const undo of ends.reverse()) await undo()
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end())

/** @param {string} name @param {number} at @param {string} url */
async function startNode(name, at, url) {
  const env = { ...process.env, NAME: name, PORT: String(at), DATABASE_URL: url }
  const program = path.join(import.meta.dirname, 'node.js')
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  ends.push(() => child.kill('SIGTERM') && ended)
  child.stdout.pipe(process.stdout)
  // The first line says that it listens.
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), ended])
  if (child.exitCode !== null) throw new Error(`node ${name} has ended`)
}

try {
  const database = await startDatabase(folder)
  ends.push(database.stop)
  await startNode('A', port + 1, database.url)
  await startNode('B', port + 2, database.url)
  ends.push(await startBalancer(folder, port, [port + 1, port + 2]))
  console.log(`Ready: ws://127.0.0.1:${port}/gateway, in turns ws://127.0.0.1:${port + 1}/gateway (A) and ${port + 2} (B)

Through nginx nobody is local, so a device waits for you:
  npm run -s latchkey -- call whoami --scope operator.read --url ws://127.0.0.1:${port}/gateway
On a node itself you are the owner. See it on B, whichever it came to, and approve it there:
  npm run -s latchkey -- requests --url ws://127.0.0.1:${port + 2}/gateway
Revoke it on A, and its connection to B ends:
  npm run -s latchkey -- revoke <device> --url ws://127.0.0.1:${port + 1}/gateway`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  await end(1)
}
