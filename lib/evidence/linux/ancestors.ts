import { readlinkSync } from 'node:fs'
import { describeProcess, readStat, type ProcessDescription } from './proc-process.ts'

export type Ancestor = {
  readonly process: ProcessDescription
  readonly isParent: boolean
  /** `net:[…]`, the identity of its network namespace. */
  readonly networkNamespace: string
}

/** The process that adopts orphans. */
const INIT = 1

/**
 * The direct parent, and the ancestors in the session of `descendant`, up to but not including the process
 * `until`. Those that may not be looked into are left out; so is init in another session: it has adopted a
 * process that it did not start for a client of its own, or has started a service. (A service that init
 * starts per connection holds that connection itself.)
 */
export function readAncestors(descendant: ProcessDescription, until: number): Ancestor[] {
  const ancestors: Ancestor[] = []
  let isParent = true
  try {
    for (let pid = descendant.parent; pid !== 0 && pid !== until; isParent = false) {
      const { parent, session } = readStat(pid)
      const isOtherSession = session !== descendant.session
      if (isOtherSession && (!isParent || pid === INIT)) break
      const ancestor = readAncestor(pid, isParent)
      if (ancestor !== null) ancestors.push(ancestor)
      pid = parent
    }
  } catch {
    // The chain ends where a process has gone: its children are being handed to another parent.
  }
  return ancestors
}

export function networkNamespace(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/net`)
}

function readAncestor(pid: number, isParent: boolean): Ancestor | null {
  try {
    return { process: describeProcess(pid), isParent, networkNamespace: networkNamespace(pid) }
  } catch {
    return null
  }
}
