// A tool that opens a connection for each call, with the one scope that this call needs. On the gateway's own
// machine none of them meets a prompt, although each may ask for more than the one before.
//   node examples/call-gateway/call.js    (after server.js)
import { homedir } from 'node:os'
import path from 'node:path'
import { callGateway, loadDeviceIdentity } from 'latchkey/client'

const { LATCHKEY_URL: url = 'ws://127.0.0.1:4747/gateway' } = process.env
const identity = loadDeviceIdentity(path.join(homedir(), '.my-tool/device.json'))

/**
 * @param {string} scope
 * @param {string} method
 * @param {unknown} [params]
 */
async function call(scope, method, params) {
  const answer = await callGateway({ url, identity, scopes: [scope], method, params })
  console.log(`${method} with ${scope}: ${JSON.stringify(answer)}`)
}

await call('operator.write', 'notes.add', { text: 'water the plants' })
await call('operator.read', 'notes.list')
await call('operator.admin', 'notes.clear')

// The connection has what it asked for, not all that the device holds.
await call('operator.read', 'notes.clear').catch((error) => console.log(`refused: ${String(error.message)}`))
