// A page that pairs with the gateway of its own app.
//   node examples/browser-page/server.js    then open http://127.0.0.1:4747/ in a browser on this machine
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import express from 'express'
import helmet from 'helmet'
import { createGateway, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])

// The import map is the only inline script, and the policy names it by its hash.
const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')
const importMap = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? ''
const hash = createHash('sha256').update(importMap).digest('base64')
const scriptSrc = ["'self'", `'sha256-${hash}'`]

const app = express()
app.use(helmet({ contentSecurityPolicy: { directives: { scriptSrc, upgradeInsecureRequests: null } } }))
app.get('/', (req, res) => {
  res.type('html').send(page)
})
app.get('/page.js', (req, res) => {
  res.sendFile(fileURLToPath(new URL('page.js', import.meta.url)))
})
// The client for browsers is plain ES modules: what is installed is what is served.
app.use('/latchkey', express.static(fileURLToPath(new URL('../../', import.meta.resolve('latchkey/client/browser'))))) // prettier-ignore
app.use('/gateway', gateway.routes())

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`)
})
gateway.attach(server, { path: '/gateway' })
