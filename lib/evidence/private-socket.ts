import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { markPrivate } from './ingress.ts'
import { ensurePrivateFolder } from './private-folder.ts'

/** A Unix socket's path must fit into `sun_path`, with the byte that ends it. */
const MAX_PATH_BYTES = 107

/**
 * Lets `server` listen on a Unix socket that only this user can reach: mode 0600, in a folder that is ours
 * alone. What a crashed process left there is removed; what is in use, or is something else, is not.
 *
 * Does *not* protect against a proxy of the same user that is pointed at it: point none there.
 *
 * @throws {LatchkeyError} OPTION_INVALID, FOLDER_UNSAFE, SOCKET_IN_USE
 */
export async function listenPrivately(server: Server, file: string): Promise<void> {
  if (!path.isAbsolute(file) || Buffer.byteLength(file) > MAX_PATH_BYTES) {
    const message = `listenLocal: path: got ${JSON.stringify(file)}, expected an absolute path of at most ${MAX_PATH_BYTES} bytes`
    throw new LatchkeyError('OPTION_INVALID', message)
  }
  ensurePrivateFolder(path.dirname(file))
  await removeAbandoned(file)
  markPrivate(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(file, () => {
      server.off('error', reject)
      resolve()
    })
  })
  chmodSync(file, 0o600)
}

async function removeAbandoned(file: string): Promise<void> {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw inUse(file, 'it is something else; name another path')
  if (await answers(file)) throw inUse(file, 'another process listens there')
  unlinkSync(file)
}

function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(file)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // Only a refusal says that nobody is there.
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

function inUse(file: string, why: string): LatchkeyError {
  return new LatchkeyError('SOCKET_IN_USE', `${file} cannot be listened on: ${why}`)
}
