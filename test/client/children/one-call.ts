// One call; prints the answer or the code of the error, and has to end by itself.
import { callGateway, createDeviceIdentity, type CallOptions } from '../../../lib/client/index.ts'
import { LatchkeyError } from '../../../lib/errors.ts'

const [url = '', more = '{}'] = process.argv.slice(2)
try {
  const identity = createDeviceIdentity()
  console.log(await callGateway({ url, identity, method: 'health', ...(JSON.parse(more) as Partial<CallOptions>) })) // prettier-ignore
} catch (error) {
  console.log(error instanceof LatchkeyError ? error.code : String(error))
}
