// The app under test: a guarded route, and a gateway at /gateway.
import { createServer } from 'node:http'
import express from 'express'
import { createGateway, localClient, memoryStore, requireLocalClient } from 'latchkey'

export async function createApp() {
  const app = express()
  app.use(localClient())
  app.get('/notes', requireLocalClient(), (req, res) => res.json(['water the plants']))
  const gateway = await createGateway({ store: memoryStore() })
  gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
  app.use('/gateway', gateway.routes())
  const server = createServer(app)
  gateway.attach(server, { path: '/gateway' })
  return { app, server, gateway }
}
