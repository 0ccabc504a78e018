// A gateway that hands questions to devices of the role `node`, which stay connected and answer them.
//   node examples/node-device/server.js    then: node examples/node-device/device.js
// and ask: npx latchkey call nodes.ask '{"question":"uptime"}' --scope operator.write
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createGateway, LatchkeyError, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })
const WAIT_MS = 20_000

/** Devices that wait for a question. @type {Map<string, (job: object | null) => void>} */
const idle = new Map()
/** Questions that wait for their answer. @type {Map<string, (answer: unknown) => void>} */
const asked = new Map()

gateway.method('nodes.next', { scope: 'node.work' }, ({ connId, signal }) => {
  return new Promise((resolve) => {
    const give = (/** @type {object | null} */ job) => {
      idle.delete(connId)
      clearTimeout(timer)
      resolve(job)
    }
    const timer = setTimeout(() => give(null), WAIT_MS)
    signal.addEventListener('abort', () => give(null))
    idle.set(connId, give)
  })
})

gateway.method('nodes.done', { scope: 'node.work' }, ({ params, deviceId }) => {
  const { id, answer } = /** @type {{ id: string, answer: unknown }} */ (params)
  asked.get(id)?.({ deviceId, answer })
  return asked.delete(id)
})

gateway.method('nodes.ask', { scope: 'operator.write' }, ({ params }) => {
  const [give] = idle.values()
  if (give === undefined) throw new LatchkeyError('UNAVAILABLE', 'no node is waiting for questions')
  const id = randomUUID()
  return new Promise((resolve, reject) => {
    asked.set(id, resolve)
    setTimeout(() => asked.delete(id) && reject(new LatchkeyError('TIMEOUT')), WAIT_MS)
    give({ id, .../** @type {{ question: string }} */ (params) })
  })
})

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
