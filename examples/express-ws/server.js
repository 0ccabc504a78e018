// The gateway as one WebSocket route among others of express-ws.
//   node examples/express-ws/server.js    then: npx latchkey call notes.list --scope operator.read
import express from 'express'
import expressWs from 'express-ws'
import { createGateway, localClient, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])

// express-ws answers 101 before any middleware, so what has to be refused before that is refused in wsOptions:
// pages of other origins, on every WebSocket route of the app.
const { app, getWss } = expressWs(express(), undefined, { wsOptions: gateway.wsOptions })
// One frame of the wrong form ends the process when nobody listens for errors. The gateway does for its own
// sockets, the app has to for all others.
getWss().on('connection', (socket) => socket.on('error', () => socket.terminate()))

app.use(localClient())
app.use('/gateway', gateway.routes())
app.ws('/gateway', gateway.expressWs())

// A route of the app's own. Middleware does run for it, after the 101: close, where Express would answer 403.
app.ws('/echo', (socket, req) => {
  if (!req.isLocalClient) {
    socket.close(1008, 'for this machine only')
    return
  }
  socket.on('message', (data) => socket.send(data))
})

app.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
