import { LatchkeyError } from './errors.ts'

// Imported first by every entry: on an older Node the store's native part would crash the process.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 14)) {
  throw new LatchkeyError(
    'NODE_TOO_OLD',
    `Latchkey needs Node 22.14 or newer; this is Node ${process.versions.node}.`,
  )
}
