// A gateway with a rule of its own for those who would wait: whoever calls from the office network may read for
// a working day; everything else asks the owner.
//   node examples/approval-policy/server.js    behind a proxy on this machine that sends X-Forwarded-For
import { createServer } from 'node:http'
import { createGateway, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const OFFICE = '192.0.2.'
const WORKING_DAY_MS = 8 * 60 * 60 * 1000

const gateway = await createGateway({
  store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`),
  locality: { trustProxy: ['loopback'] },
  approve({ verified, claims }) {
    // Decide by what was verified: the key, what it asks for, and the address that the proxy vouches for.
    const { asks, locality } = verified
    const isFromOffice = locality.clientAddress?.startsWith(OFFICE) ?? false
    const readsOnly = asks.every(
      ({ role, scopes }) => role === 'operator' && scopes.every((scope) => scope === 'operator.read'),
    )
    // Never by the claims: anybody can call itself the owner's laptop. They are for people to read.
    console.log(`${JSON.stringify(claims.displayName)} from ${String(locality.clientAddress)}`)
    // The approval is the device's: it holds for its time wherever the device goes.
    return isFromOffice && readsOnly ? { decision: 'approve', expiresInMs: WORKING_DAY_MS } : 'ask'
  },
})
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
