// Connects and stays. Says each thing on a line of its own: hello, the answer to each method that comes in on
// stdin, how the connection ended; then tries anew, with its token and with its key alone. argv: url, identity file.
import { createInterface } from 'node:readline'
import { latchkeyClient } from '../built-package.ts'

const [url = '', identityFile = ''] = process.argv.slice(2)
const identity = latchkeyClient.loadDeviceIdentity(identityFile)
const say = (what: string, said: unknown): void =>
  void process.stdout.write(`${JSON.stringify([what, said])}\n`)
const at = { url, identity, scopes: ['operator.read'] }

const connection = await latchkeyClient.connectGateway(at)
const { deviceToken } = connection.hello.auth
say('connected', { deviceId: identity.deviceId, hasToken: deviceToken !== undefined })
const commands = createInterface({ input: process.stdin })
commands.on('line', (method) => {
  connection.request(method).then(
    (answer) => say('answer', answer),
    (error: unknown) => say('failed', String(error)),
  )
})
say('closed', await connection.closed)
commands.close()

const remote = { 'X-Forwarded-For': '203.0.113.7' }
await again('with its token', { ...at, ...(deviceToken === undefined ? {} : { deviceToken }) })
await again('from elsewhere', { ...at, headers: remote })
await again('from here', at)

async function again(
  what: string,
  options: Parameters<typeof latchkeyClient.connectGateway>[0],
): Promise<void> {
  try {
    const next = await latchkeyClient.connectGateway(options)
    say(what, 'connected')
    next.close()
  } catch (error) {
    const { code, message, details } = error as Error & { code?: string; details?: unknown }
    say(what, { code, message, details })
  }
}
