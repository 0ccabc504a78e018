// Serves a page that has loaded the built client, beside a gateway, and says on stdout where. Ends with its
// standard input.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createGateway, sqliteStore } from '../../../lib/index.ts'

const { storeFile, silent, port } = JSON.parse(process.argv[2] ?? '') as {
  readonly storeFile: string
  readonly silent: 'always' | 'never'
  readonly port: number
}
const PAGE = `<!doctype html><meta charset="utf-8"><title>Latchkey</title><script type="module">
import * as latchkey from '/latchkey/client/browser/index.js'
globalThis.latchkey = latchkey
</script>`

const gateway = await createGateway({ store: await sqliteStore(storeFile), silent: { mode: silent } })
gateway.method('whoami', { scope: null }, ({ deviceId, locality }) => ({ deviceId, locality }))
const app = express()
app.get('/', (_request, response) => {
  response.type('html').send(PAGE)
})
app.use('/latchkey', express.static(new URL('../../../dist', import.meta.url).pathname))
const server = createServer(app as RequestListener)
gateway.attach(server, { path: '/gateway' })
await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)

process.stdin.resume().on('end', () => {
  void gateway.close().then(() => process.exit(0))
})
