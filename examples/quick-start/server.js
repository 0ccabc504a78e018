import express from 'express'
import helmet from 'helmet'
import { createGateway, localClient, requireLocalClient, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])

const app = express()
app.use(helmet(), localClient())
app.use('/gateway', gateway.routes())
app.get('/healthz', (req, res) => res.json({ ok: true }))
app.get('/whoami', (req, res) => res.json(req.clientLocality))
app.get('/notes', requireLocalClient(), (req, res) => res.json(['water the plants']))

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Ready: http://127.0.0.1:${PORT}/whoami and ws://127.0.0.1:${PORT}/gateway`)
})
gateway.attach(server, { path: '/gateway' })
