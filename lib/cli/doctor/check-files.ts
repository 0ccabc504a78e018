import { lstatSync } from 'node:fs'
import path from 'node:path'
import { green, red, yellow, type Finding } from './finding.ts'
import { checkDatabase } from './check-store.ts'
import type { GatewayReport } from './gateway-report.ts'

export type Places = { readonly stateDir: string; readonly store?: string; readonly home: string }

/** Who can read the secret, the keys and the store. Looks at modes and owners, never into a file. */
export function checkFiles(report: GatewayReport, { stateDir, store, home }: Places): Finding[] {
  return [
    ...checkSecret(report),
    ...checkPrivate('owner key', path.join(home, 'owner.json'), false),
    ...(store === undefined ? checkState(path.resolve(stateDir)) : checkDatabase(store)),
  ]
}

function checkSecret({ secretFile }: GatewayReport): Finding[] {
  if (secretFile === undefined)
    return [yellow('secret file', 'unknown', 'Update the gateway: it does not say (doctor.report).')]
  if (secretFile === null) {
    const advice = 'Leave localSecret on: where the kernel cannot be asked, nothing else proves a client.'
    return [yellow('secret file', 'none: local clients are judged by the kernel alone', advice)]
  }
  return [
    ...checkPrivate('secret file', secretFile, false),
    ...checkPrivate('secret folder', path.dirname(secretFile), true),
  ]
}

function checkState(stateDir: string): Finding[] {
  if (modeOf(stateDir) === null) {
    const advice = 'Name the folder of the store: --state-dir (or LATCHKEY_STATE_DIR).'
    return [yellow('state', `unknown: there is no ${stateDir}`, advice)]
  }
  const files = ['latchkey.db', 'latchkey.db-wal', 'latchkey.db-shm'].map((name) => path.join(stateDir, name))
  const folder = checkPrivate('state', stateDir, true)
  // Behind a folder of mode 0700 nobody reaches them.
  if (folder.every((finding) => finding.level === 'green')) return folder
  return [...folder, ...files.filter((file) => modeOf(file) !== null).flatMap((file) => checkPrivate('store', file, false))]
} // prettier-ignore

/** One finding: ours alone, or who else can do what. */
function checkPrivate(check: string, file: string, isFolder: boolean): Finding[] {
  const found = modeOf(file)
  const right = isFolder ? '700' : '600'
  if (found === null)
    return [yellow(check, `${file} is not there`, 'Does the gateway run on this machine, as this user?')]
  const shown = `${file}, mode ${found.mode.toString(8).padStart(4, '0')}`
  if (found.isLink) return [red(check, `${file} is a symbolic link`, 'Name the file itself.')]
  if (found.isFolder !== isFolder) return [red(check, `${file} is not a ${isFolder ? 'folder' : 'file'}`, 'Remove it.')]
  const uid = process.geteuid?.()
  if (uid !== undefined && found.uid !== uid)
    return [yellow(check, `${shown}, of user id ${found.uid}`, 'Run the doctor as the user of the gateway.')]
  if ((found.mode & 0o077) === 0) return [green(check, shown)]
  return [red(check, `${shown}: others can reach it`, `chmod ${right} ${file}`)]
} // prettier-ignore

function modeOf(file: string): { mode: number; uid: number; isFolder: boolean; isLink: boolean } | null {
  try {
    const stat = lstatSync(file)
    return {
      mode: stat.mode & 0o777,
      uid: stat.uid,
      isFolder: stat.isDirectory(),
      isLink: stat.isSymbolicLink(),
    }
  } catch {
    return null
  }
}
