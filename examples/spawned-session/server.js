// A gateway whose method starts a child process that calls back. The child is a client like any other: it has
// the identity of the tool, proves it, and asks for its own scope.
//   node examples/spawned-session/server.js    then: node examples/spawned-session/start.js
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { createGateway, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const url = `ws://127.0.0.1:${PORT}/gateway`
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })

/** @type {Map<string, string>} */
const states = new Map()
gateway.method('sessions.patch', { scope: 'operator.admin' }, ({ params }) => {
  const { id, state } = /** @type {{ id: string, state: string }} */ (params)
  states.set(id, state)
  return { id, state }
})

let started = 0
gateway.method('sessions.spawn', { scope: 'operator.write' }, async () => {
  started += 1
  const id = `session-${started}`
  const program = path.join(import.meta.dirname, 'session.js')
  // Nothing that a client sent goes into the command; the session ends when it has to, not when it likes.
  const options = { env: { ...process.env, LATCHKEY_URL: url }, timeout: 60_000 }
  await promisify(execFile)(process.execPath, [program, id], options)
  return { id, state: states.get(id) }
})

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ${url}`))
