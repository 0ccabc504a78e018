// What cron runs: no terminal, hardly an environment, nobody to answer a prompt. On the gateway's machine there
// is none. The line for `crontab -e`, with whole paths, because cron's PATH is short:
//
//   */5 * * * * /usr/bin/node /home/me/app/examples/scheduled-job/job.js
//
// Elsewhere the first run is refused, cron mails what it says, and later runs get in once you have approved it.
import { homedir } from 'node:os'
import path from 'node:path'
import { callGateway, loadDeviceIdentity } from 'latchkey/client'

const { LATCHKEY_URL: url = 'ws://127.0.0.1:4747/gateway' } = process.env
// The same file at each run, so that the job stays the same device.
const identity = loadDeviceIdentity(path.join(homedir(), '.my-job/device.json'))

try {
  console.log(await callGateway({ url, identity, scopes: ['operator.write'], method: 'jobs.ran' }))
} catch (error) {
  const { message, details } = /** @type {Error & { details?: { remediationHint?: string } }} */ (error)
  console.error([message, details?.remediationHint ?? ''].join('\n'))
  process.exitCode = 1
}
