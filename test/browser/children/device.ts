// A device: knocks at the gateway until it is let in, then stays connected. Says each step on stdout as a line of
// JSON, and ends when its connection does.
import { connectGateway, createDeviceIdentity, PairingRequiredError } from '../../../lib/client/index.ts'

const [url = '', displayName = ''] = process.argv.slice(2)
const say = (step: object): void => {
  process.stdout.write(`${JSON.stringify(step)}\n`)
}

const identity = createDeviceIdentity()
let toldCode: string | undefined
for (;;) {
  try {
    const options = { url, identity, scopes: ['operator.write'], client: { displayName } }
    const connection = await connectGateway(options)
    say({ step: 'connected', answer: await connection.request('health') })
    const { code, reason } = await connection.closed
    say({ step: 'closed', code, reason })
    break
  } catch (error) {
    if (!(error instanceof PairingRequiredError)) throw error
    if (error.verificationCode !== toldCode)
      say({ step: 'waiting', code: error.verificationCode, deviceId: identity.deviceId })
    toldCode = error.verificationCode
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}
