// The database that DATABASE_URL names, or PostgreSQL from Debian's package on a socket in a temporary folder.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const DEBIAN = '/usr/lib/postgresql'

/** @param {string} folder */
export async function startDatabase(folder) {
  const { DATABASE_URL: given } = process.env
  if (given) return { url: given, stop: () => undefined }
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : []
  const bin = versions.map((version) => path.join(DEBIAN, version, 'bin')).find((found) => existsSync(`${found}/initdb`)) // prettier-ignore
  if (bin === undefined)
    throw new Error('PostgreSQL is missing: apt-get install postgresql, or name a database of yours in DATABASE_URL') // prettier-ignore

  // It refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? userOfPackage() : null
  const home = path.join(folder, 'postgres')
  mkdirSync(home, { mode: 0o700 })
  chmodSync(folder, 0o711)
  if (user !== null) chownSync(home, user.uid, user.gid)
  const data = path.join(home, 'data')
  const options = { ...user, cwd: home, stdio: /** @type {const} */ ('ignore') }
  execFileSync(`${bin}/initdb`, ['-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--auth=trust'], options) // prettier-ignore
  const server = spawn(`${bin}/postgres`, ['-D', data, '-c', 'listen_addresses=', '-c', `unix_socket_directories=${home}`], options) // prettier-ignore
  const ended = new Promise((resolve) => server.once('exit', resolve))
  for (let attempt = 0; !existsSync(path.join(home, '.s.PGSQL.5432')); attempt += 1) {
    if (server.exitCode !== null || attempt > 600) throw new Error('PostgreSQL does not start')
    await sleep(50)
  }
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(home)}`,
    stop: () => server.kill('SIGINT') && ended,
  }
}

/** Debian's package makes it. */
function userOfPackage() {
  const id = (/** @type {string} */ flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
