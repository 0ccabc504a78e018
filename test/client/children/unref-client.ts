// A client that is all that is left of the process: it ends, unless `keep` was said.
import { createDeviceIdentity, gatewayClient } from '../../../lib/client/index.ts'

const [url = '', keep] = process.argv.slice(2)
const client = gatewayClient({ url, identity: createDeviceIdentity(), unref: keep === undefined })
// Long enough for it to connect, or to fail and wait.
setTimeout(() => {
  console.log(client.state === 'closed' ? 'closed' : 'ends')
}, 500)
