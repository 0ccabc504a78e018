// Asks the gateway for a session, with the scope for that alone.
//   node examples/spawned-session/start.js    (after server.js)
import { homedir } from 'node:os'
import path from 'node:path'
import { callGateway, loadDeviceIdentity } from 'latchkey/client'

const { LATCHKEY_URL: url = 'ws://127.0.0.1:4747/gateway' } = process.env
const identity = loadDeviceIdentity(path.join(homedir(), '.my-tool/device.json'))
console.log(await callGateway({ url, identity, scopes: ['operator.write'], method: 'sessions.spawn' }))
