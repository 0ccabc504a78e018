// What the gateway starts: a sub-session that reports its state with a scope that whoever asked for it did not
// have. It runs on this machine, so that is silent too.
import { homedir } from 'node:os'
import path from 'node:path'
import { callGateway, loadDeviceIdentity } from 'latchkey/client'

const { LATCHKEY_URL: url = 'ws://127.0.0.1:4747/gateway' } = process.env
const [, , id] = process.argv
const identity = loadDeviceIdentity(path.join(homedir(), '.my-tool/device.json'))
const params = { id, state: 'done' }
await callGateway({ url, identity, scopes: ['operator.admin'], method: 'sessions.patch', params })
