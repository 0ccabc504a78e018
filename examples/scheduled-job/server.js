// A gateway for a job that runs by the clock.
//   node examples/scheduled-job/server.js    then, as cron would: node examples/scheduled-job/job.js
import { createServer } from 'node:http'
import { createGateway, sqliteStore } from 'latchkey'

const { PORT = '4747', LATCHKEY_STATE_DIR = '.latchkey' } = process.env
const gateway = await createGateway({ store: await sqliteStore(`${LATCHKEY_STATE_DIR}/latchkey.db`) })
let runs = 0
gateway.method('jobs.ran', { scope: 'operator.write' }, () => {
  runs += 1
  return { runs }
})

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(Number(PORT), '127.0.0.1', () => console.log(`Ready: ws://127.0.0.1:${PORT}/gateway`))
