// A store of the app's own around the one that keeps the pairings, and rules of the app's own: what is paired
// silently at most, and which keys need no owner.
//   ENROLLED=<device id> node examples/custom-store-policy/server.js
import { createServer } from 'node:http'
import { createGateway, memoryStore } from 'latchkey'
import { measuredStore } from './measured-store.js'

const { PORT = '4747', ENROLLED = '' } = process.env
// Ids of keys that the app knows from elsewhere: made when the machine was set up, or from a directory.
const enrolled = new Set(ENROLLED.split(',').filter((id) => id !== ''))
const ENROLLED_SCOPES = ['operator.read', 'operator.write']

// With memoryStore() pairings end with the process; put sqliteStore() here for an app that stays.
const { store, counts } = measuredStore(memoryStore())
const gateway = await createGateway({
  store,
  // Programs on this machine read without a prompt. For more they wait, like everybody else.
  silent: { scopes: ['operator.read'] },
  approve({ verified }) {
    // The device id is the hash of a key that the client has proved to hold: nobody else can bring it.
    if (!enrolled.has(verified.deviceId)) return 'ask'
    const isWithin = verified.asks.every(
      ({ role, scopes }) => role === 'operator' && scopes.every((scope) => ENROLLED_SCOPES.includes(scope)),
    )
    return isWithin ? 'approve' : 'ask'
  },
})
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
gateway.method('notes.add', { scope: 'operator.write' }, () => 1)
gateway.method('store.counts', { scope: 'operator.read' }, () => counts)

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
