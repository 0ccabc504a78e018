// One of the two gateways. run.js starts it; alone: DATABASE_URL=postgres://… node examples/two-nodes/node.js
import { createServer } from 'node:http'
import { createGateway } from 'latchkey'
import { postgresStore } from 'latchkey/store/postgres'

const { NAME = 'A', PORT = '4748', DATABASE_URL: connectionString = '' } = process.env
const gateway = await createGateway({
  store: await postgresStore({ connectionString }),
  // nginx says for whom it speaks. Without this its clients would not be local either; with it their addresses are known.
  locality: { trustProxy: ['loopback'] },
})
gateway.method('whoami', { scope: 'operator.read' }, ({ deviceId }) => ({ node: NAME, deviceId }))

const routes = gateway.routes()
const server = createServer((request, response) => {
  Object.assign(request, { originalUrl: request.url })
  request.url = (request.url ?? '').replace(/^\/gateway(?=\/)/, '')
  routes(request, response, () => response.writeHead(404).end())
})
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Node ${NAME}: ws://127.0.0.1:${PORT}/gateway`))

process.once('SIGINT', stop)
process.once('SIGTERM', stop)
async function stop() {
  await gateway.close()
  process.exit(0)
}
