// A client whose listener throws whenever it is called; it has to go on working.
import { createDeviceIdentity, gatewayClient } from '../../../lib/client/index.ts'

process.on('uncaughtException', (error) => {
  console.log(`uncaught: ${error.message}`)
})
const client = gatewayClient({
  url: process.argv[2] ?? '',
  identity: createDeviceIdentity(),
  onState: (state) => {
    throw new Error(state)
  },
})
console.log(`answer: ${String(await client.request('x'))}`)
console.log(`state: ${client.state}`)
client.close()
