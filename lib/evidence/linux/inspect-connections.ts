import { readlinkSync } from 'node:fs'
import type { PeerEvidence } from '../../locality/verdict.ts'
import type { Connection } from '../peer-lookup.ts'
import { confirmDoubts } from './confirm-doubts.ts'
import { findHolders, type Holder } from './find-holders.ts'
import { judgeHolders, type Judgement } from './judge-holders.ts'
import { matchConnection, type MatchedPeer } from './match-connection.ts'
import { ambiguousUser, ownUsers, type OwnUsers } from './own-users.ts'
import { readTcpSockets } from './read-socket-table.ts'
import { processName } from './printable-name.ts'
import { readProgram, readStat } from './proc-process.ts'
import { takeSnapshot, type Snapshot } from './snapshot.ts'
import type { InetSocket, SocketTable } from './socket-table.ts'

export type Question = { readonly connection: Connection; readonly peerUsers: readonly number[] }

/** The other ends of the connections asked about, in their order. */
export type Matched = {
  readonly peers: readonly MatchedPeer[]
  /** The table in which they were found, when a whole one was read. */
  readonly tcp?: SocketTable
}

/** A connection whose other end was found. */
type Candidate = { readonly index: number; readonly peer: InetSocket; readonly users: OwnUsers }

/** Steps 1 and 2 by the tables of `/proc`. Throws when they cannot be read. */
export function matchByTables(questions: readonly Question[]): Matched {
  const tcp = readTcpSockets()
  return { tcp, peers: questions.map(({ connection }) => matchConnection(tcp, connection)) }
}

/**
 * Answers all questions from the same reading of `/proc`, in their order; `matched` says who is at the other
 * ends. Throws when `/proc` cannot be read at all.
 */
export async function inspectConnections(
  questions: readonly Question[],
  { peers, tcp }: Matched = matchByTables(questions),
): Promise<PeerEvidence[]> {
  const ambiguous = ambiguousUser()
  const effective = process.geteuid?.() ?? -1
  const ours: Candidate[] = []
  const strangers: Candidate[] = []
  const answers = questions.map(({ peerUsers }, index): PeerEvidence => {
    const match = peers[index] ?? { sign: 'nobody looked for the other end' }
    if ('sign' in match) return { status: 'unproven', sign: match.sign }
    const { peer } = match
    if (peer.uid === ambiguous)
      return { status: 'unproven', uid: peer.uid, sign: 'a user without a number here' }
    const users = ownUsers(effective, peerUsers, ambiguous)
    const list = users.includes(peer.uid) ? ours : strangers
    list.push({ index, peer, users })
    return { status: 'other-user', uid: peer.uid }
  })
  // Only root can look into a stranger's processes, and then only to name one.
  const wanted = effective === 0 ? [...ours, ...strangers] : ours
  if (wanted.length === 0) return answers
  const holders = findHolders(new Set(wanted.map(({ peer }) => peer.inode)))
  for (const { index, peer } of strangers) answers[index] = nameStranger(peer, holders.get(peer.inode)?.[0])
  for (const [{ index }, evidence] of await inspectCandidates(ours, holders, tcp)) answers[index] = evidence
  return answers
}

/** Judges the connections whose other end belongs to one of our users. */
function inspectCandidates(
  candidates: readonly Candidate[],
  holders: ReadonlyMap<number, readonly Holder[]>,
  tcp: SocketTable | undefined,
): Promise<ReadonlyMap<Candidate, PeerEvidence>> {
  // Not process.pid: what counts is how this process is called in the /proc that is read.
  const ownPid = Number(readlinkSync('/proc/self'))
  const holdersOf = ({ peer }: Candidate): readonly Holder[] => holders.get(peer.inode) ?? []
  return confirmDoubts(candidates, (left, count) => {
    const pids = new Set(left.flatMap(holdersOf).map(({ pid }) => pid))
    pids.delete(ownPid)
    const snapshot = takeSnapshot(pids, ownPid, count === 1 ? tcp : undefined)
    return (candidate) => judge(candidate, holdersOf(candidate), ownPid, snapshot)
  })
}

function judge(
  { peer, users }: Candidate,
  holders: readonly Holder[],
  ownPid: number,
  snapshot: Snapshot,
): Judgement {
  try {
    return judgeHolders(peer, holders, users, ownPid, snapshot)
  } catch {
    return {
      evidence: { status: 'unproven', uid: peer.uid, sign: 'changed while it was looked at' },
      doubt: null,
    }
  }
}

function nameStranger({ uid }: InetSocket, holder: Holder | undefined): PeerEvidence {
  try {
    if (holder !== undefined) {
      const name = processName({ ...readStat(holder.pid), program: readProgram(holder.pid) })
      return { status: 'other-user', uid, process: name }
    }
  } catch {
    // It has gone; the user is known all the same.
  }
  return { status: 'other-user', uid }
}
