import { readFileSync } from 'node:fs'

export type SystemUser = { readonly uid: number; readonly gid: number }

/** A user that a package made. */
export function systemUser(name: string): SystemUser {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [found, , uid, gid] = line.split(':')
    if (found === name) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`this machine has no user ${name}`)
}
