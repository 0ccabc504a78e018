// An app that knows its proxy: nginx on this machine, which names the client in X-Forwarded-For.
import express from 'express'
import { createGateway, localClient, requireLocalClient, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
// The same for both. In production add the address under which pages reach it:
// allowedOrigins: ['https://gateway.example'].
const locality = { trustProxy: ['loopback'] }
const gateway = await createGateway({
  store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`),
  locality,
})

const app = express()
app.use(localClient(locality))
app.use('/gateway', gateway.routes())
app.get('/whoami', (req, res) => res.json(req.clientLocality))
app.get('/admin', requireLocalClient(), (req, res) => res.json({ ok: true }))

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`)
})
gateway.attach(server, { path: '/gateway' })
