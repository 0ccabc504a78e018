import type { PeerEvidence } from '../../locality/verdict.ts'
import { canonicalAddress } from '../../locality/address.ts'
import type { Connection } from '../peer-lookup.ts'
import { confirmDoubts } from '../linux/confirm-doubts.ts'
import type { Question } from '../linux/inspect-connections.ts'
import { judgeHolders } from '../linux/judge-holders.ts'
import { matchConnection, NOT_HERE } from '../linux/match-connection.ts'
import { ownUsers, type OwnUsers } from '../linux/own-users.ts'
import { processName } from '../linux/printable-name.ts'
import type { InetSocket } from '../linux/socket-table.ts'
import { FIRST_MADE_UP_INODE, type LsofReading } from './lsof-reading.ts'

const UNSEEN = 'no process that can be seen holds the other end'

/** This very process. */
export type Self = { readonly pid: number; readonly uid: number }

type Candidate = { readonly index: number; readonly peer: InetSocket; readonly users: OwnUsers }

/** Answers all questions from the same readings, in their order. Rejects when `read` does. */
export async function inspectWithLsof(
  questions: readonly Question[],
  read: () => Promise<LsofReading>,
  self: Self,
): Promise<PeerEvidence[]> {
  const first = await read()
  const candidates: Candidate[] = []
  const answers = questions.map(({ connection, peerUsers }, index): PeerEvidence => {
    const inode = ownInode(connection, first, self.pid)
    const match = matchConnection(first.table, { ...connection, inode })
    // What belongs to others is not listed at all, unless root asks.
    if ('sign' in match) return { status: 'unproven', sign: match.sign === NOT_HERE ? UNSEEN : match.sign }
    const { peer } = match
    const users = ownUsers(self.uid, peerUsers, null)
    if (users.includes(peer.uid)) candidates.push({ index, peer, users })
    const process = first.snapshot.process(first.holdersOf(peer.inode)[0]?.pid ?? 0)
    const name = process === null ? {} : { process: processName(process) }
    return { status: 'other-user', uid: peer.uid, ...name }
  })
  const judged = await confirmDoubts(candidates, async (_left, count) => {
    const { snapshot, isUnchanged } = count === 1 ? first : await read()
    return ({ peer, users }) =>
      judgeHolders(peer, first.holdersOf(peer.inode), users, self.pid, snapshot, isUnchanged)
  })
  for (const [{ index }, evidence] of judged) answers[index] = evidence
  return answers
}

/**
 * Names our end as lsof does. Where lsof knows inodes it has to be the one that was taken when the connection
 * was made; macOS has none for sockets, so the one socket of ours with these ends has to do.
 */
function ownInode(connection: Connection, { table, holdersOf }: LsofReading, ownPid: number): number | null {
  const { localAddress, localPort, remoteAddress, remotePort, inode } = connection
  const ends = [canonicalAddress(localAddress) ?? '', localPort, canonicalAddress(remoteAddress) ?? '', remotePort] as const // prettier-ignore
  const own = table
    .byEnds(...ends)
    .find((socket) => holdersOf(socket.inode).some(({ pid }) => pid === ownPid))
  if (own === undefined) return inode
  return own.inode < FIRST_MADE_UP_INODE ? inode : own.inode
}
