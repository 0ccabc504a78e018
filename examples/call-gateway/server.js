// A gateway with three methods that need three different scopes.
//   node examples/call-gateway/server.js    then, in a second terminal: node examples/call-gateway/call.js
import { createServer } from 'node:http'
import { createGateway, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })

/** @type {string[]} */
const notes = []
gateway.method('notes.list', { scope: 'operator.read' }, () => notes)
gateway.method('notes.add', { scope: 'operator.write' }, ({ params }) => notes.push(JSON.stringify(params)))
gateway.method('notes.clear', { scope: 'operator.admin' }, () => notes.splice(0).length)

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
