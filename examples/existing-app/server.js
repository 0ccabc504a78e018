// Latchkey mounted into an app that was there before, with helmet, sessions and routers. The order matters, so
// each step says why it stands where it does.
//   node examples/existing-app/server.js    then: curl http://127.0.0.1:4747/admin/status
import express from 'express'
import session from 'express-session'
import helmet from 'helmet'
import { createGateway, localClient, sqliteStore } from 'latchkey'
import { adminRouter } from './admin-router.js'
import { errorHandler } from './error-handler.js'
import { notesRouter } from './notes-router.js'

const {
  PORT = '4747',
  LATCHKEY_STATE_DIR = '.latchkey',
  SESSION_SECRET = 'only-for-this-example',
} = process.env

// The proxies in front, once for both. Express has a list of its own, which does not count for Latchkey.
const locality = { trustProxy: ['loopback'] }
const gateway = await createGateway({
  store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`),
  locality,
})
gateway.method('health.deep', { scope: 'operator.read' }, () => ({ ok: true }))

const app = express()
app.set('trust proxy', locality.trustProxy)

// 1. Refusals carry helmet's headers too. The console replaces the policy with its own, stricter one.
app.use(helmet())
// 2. Before all who ask for the verdict. It reads no cookie and no body, so it can stand this early, and it
//    refuses nobody by itself.
app.use(localClient(locality))
// 3. Before the sessions: its clients prove a key and want no cookie.
app.use('/gateway', gateway.routes())
// 4. The app as it was.
app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false, cookie: { sameSite: 'lax' } })) // prettier-ignore
app.use(express.json())
app.use('/notes', notesRouter())
// 5. A guard of its own for a part of the app, beside the login and not in its place.
app.use('/admin', adminRouter())
// 6. Last: errors of everything above, Latchkey's among them.
app.use(errorHandler)

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`)
})
// Upgrades pass no middleware of Express, so neither the session nor the guards see them: the gateway decides
// about its clients itself.
gateway.attach(server, { path: '/gateway' })
