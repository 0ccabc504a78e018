// Loads the identity in a file, or creates it; prints its device id.
import { loadDeviceIdentity } from '../../../lib/client/index.ts'

const [file = ''] = process.argv.slice(2)
console.log(loadDeviceIdentity(file).deviceId)
