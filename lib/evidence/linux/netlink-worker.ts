import { inspectThroughNetlink } from './netlink-inspect.ts'
import { loadLibc } from './netlink-socket.ts'
import { serveSnapshots } from './serve-snapshots.ts'

// Once, and not only when it is needed: loading takes longer than a look-up.
const libc = loadLibc().catch(() => null)

serveSnapshots(async (questions) => inspectThroughNetlink(questions, await libc))
