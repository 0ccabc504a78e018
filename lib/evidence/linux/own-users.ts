import { readFileSync } from 'node:fs'

const WHOLE_RANGE = 4294967295

/** Whose processes count as ours, and the id that may stand for anybody (`null` outside user namespaces). */
export type OwnUsers = { includes(uid: number): boolean; readonly ambiguous: number | null }

export function ownUsers(
  effective: number,
  peerUsers: readonly number[],
  ambiguous: number | null,
): OwnUsers {
  return { includes: (uid) => uid !== ambiguous && (uid === effective || peerUsers.includes(uid)), ambiguous }
}

/**
 * Inside a user namespace every user that has no number there is shown as one and the same overflow id
 * (usually 65534, nobody). A gateway that runs as that very id cannot tell strangers from itself.
 */
export function ambiguousUser(): number | null {
  const mapped = readFileSync('/proc/self/uid_map', 'latin1')
    .split('\n')
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2] ?? 0), 0)
  if (mapped >= WHOLE_RANGE) return null
  return Number(readFileSync('/proc/sys/kernel/overflowuid', 'latin1'))
}
