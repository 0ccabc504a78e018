// A device of the role `node`: connects, answers what it is asked, and comes back when the connection ends.
//   node examples/node-device/device.js    (after server.js)
import { homedir, hostname, uptime } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectGateway, loadDeviceIdentity } from 'latchkey/client'

const { LATCHKEY_URL: url = 'ws://127.0.0.1:4747/gateway' } = process.env
const identity = loadDeviceIdentity(path.join(homedir(), '.my-node/device.json'))
const RETRY_MS = 2000

/** @type {Record<string, () => unknown>} */
const ANSWERS = { uptime: () => uptime(), hostname: () => hostname() }

for (;;) {
  try {
    await work()
  } catch (error) {
    const { message, details } = /** @type {Error & { details?: { remediationHint?: string } }} */ (error)
    // Elsewhere than on the gateway's machine it waits here for its approval.
    console.log(`not connected: ${message} ${details?.remediationHint ?? ''}`)
  }
  await sleep(RETRY_MS)
}

async function work() {
  const connection = await connectGateway({
    url,
    identity,
    role: 'node',
    scopes: ['node.work'],
    client: { id: 'my-node', mode: 'node', displayName: hostname() },
    onEvent: (event) => console.log(`event ${event}`),
  })
  console.log(`Connected as ${connection.hello.auth.role} ${identity.deviceId.slice(0, 16)}`)
  void connection.closed.then(({ code, reason }) => console.log(`closed: ${code} ${reason}`))
  for (;;) {
    const job = /** @type {{ id: string, question: string } | null} */ (
      await connection.request('nodes.next')
    )
    if (job === null) continue
    // Only what is listed: a gateway that was taken over must not be able to ask for anything else.
    const answer = Object.hasOwn(ANSWERS, job.question) ? ANSWERS[job.question]?.() : 'unknown question'
    await connection.request('nodes.done', { id: job.id, answer })
  }
}
