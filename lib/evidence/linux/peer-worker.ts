import { inspectConnections } from './inspect-connections.ts'
import { serveSnapshots } from './serve-snapshots.ts'

serveSnapshots((questions) => inspectConnections(questions))
