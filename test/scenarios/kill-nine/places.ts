import path from 'node:path'
import { anyPostgres } from '../../postgres-server.ts'
import { appFolder, startApp, type AppProcess } from '../app-process.ts'
import { takePostgresSnapshot, takeSnapshot, type Snapshot } from './snapshot.ts'

/** Where the pairings are, and a second node that nobody kills, where there is one. */
export type Place = {
  readonly database: string | null
  readonly peerFolder: string | null
  readonly peer: AppProcess | null
  snapshot(): Snapshot | Promise<Snapshot>
  stop(): Promise<void>
}

export const PLACES: readonly [string, (folder: string) => Promise<Place>][] = [
  [
    'alone on SQLite',
    (folder) =>
      Promise.resolve({
        database: null,
        peerFolder: null,
        peer: null,
        snapshot: () => takeSnapshot(path.join(folder, 'latchkey.db')),
        stop: () => Promise.resolve(),
      }),
  ],
  [
    'beside another one on PostgreSQL',
    async () => {
      const server = await anyPostgres()
      const database = await server.database()
      const peerFolder = appFolder()
      const peer = await startApp({
        folder: peerFolder.path,
        database,
        locality: { trustProxy: ['loopback'] },
      })
      return {
        database,
        peerFolder: peerFolder.path,
        peer,
        snapshot: () => takePostgresSnapshot(database),
        async stop() {
          await peer.stop()
          await server.stop()
          peerFolder.remove()
        },
      }
    },
  ],
]
