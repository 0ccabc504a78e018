import { readlinkSync } from 'node:fs'
import type { PeerEvidence } from '../../locality/verdict.ts'
import { ancestorSign } from './ancestor-sign.ts'
import type { Holder } from './find-holders.ts'
import { outboundSign } from './outbound-sign.ts'
import type { OwnUsers } from './own-users.ts'
import { processName } from './printable-name.ts'
import { readStat, type ProcessDescription } from './proc-process.ts'
import { relaySign, type Sign } from './relay-signs.ts'
import type { Snapshot } from './snapshot.ts'
import type { InetSocket } from './socket-table.ts'

type StillHolds = (process: ProcessDescription, holders: readonly Holder[], inode: number) => boolean

export type Judgement = {
  readonly evidence: PeerEvidence
  /** What the next snapshot has to confirm, `null` when nothing is open. */
  readonly doubt: string | null
}

/**
 * Steps 4 to 9 for the processes that hold the other end of one connection; the first step that speaks
 * against any of them decides.
 */
export function judgeHolders(
  peer: InetSocket,
  holders: readonly Holder[],
  users: OwnUsers,
  ownPid: number,
  snapshot: Snapshot,
  /** Step 9, asked at the end. */
  isUnchanged: StillHolds = stillHolds,
): Judgement {
  const { uid, inode } = peer
  const others = holders.filter((holder) => holder.pid !== ownPid)
  if (holders.length === 0)
    return settled({ status: 'unproven', uid, sign: 'no process that can be seen holds it' })
  if (others.length === 0) return settled({ status: 'same-user', uid, sign: 'own-process' })

  const processes: ProcessDescription[] = []
  for (const { pid } of others) {
    const process = snapshot.process(pid)
    if (process === null)
      return settled({ status: 'unproven', uid, sign: `process ${pid} cannot be looked into` })
    const stranger = process.uids.find((id) => !users.includes(id))
    if (stranger !== undefined) {
      return settled({ status: 'other-user', uid: stranger, process: processName(process) })
    }
    processes.push(process)
  }
  const found =
    firstSign('relay', processes, (process) => relaySign(process, snapshot.around, inode)) ??
    firstSign('relay', processes, (process) => firstAncestorSign(process, snapshot)) ??
    firstSign('outbound', processes, (process) => outboundSign(process, snapshot.around, inode))
  const seen = processes.map(({ pid, startTime }) => ({ pid, startTime }))
  if (found !== null) return { evidence: { ...found.evidence, uid, holders: seen }, doubt: found.doubt }

  const changed = processes.find((process) => !isUnchanged(process, others, inode))
  if (changed !== undefined) {
    return settled({
      status: 'unproven',
      uid,
      process: processName(changed),
      sign: 'changed while it was looked at',
    })
  }
  return settled({
    status: 'same-user',
    uid,
    process: processes.map(processName).join(', '),
    holders: seen,
  })
}

function firstSign(
  status: 'relay' | 'outbound',
  processes: readonly ProcessDescription[],
  signOf: (process: ProcessDescription) => Sign | null,
): Judgement | null {
  let doubtful: Judgement | null = null
  for (const process of processes) {
    const sign = signOf(process)
    if (sign === null) continue
    const evidence = { status, process: processName(process), sign: sign.text }
    if (sign.doubt === null) return settled(evidence)
    doubtful ??= { evidence, doubt: `${process.pid} ${sign.doubt}` }
  }
  return doubtful
}

function firstAncestorSign(process: ProcessDescription, snapshot: Snapshot): Sign | null {
  for (const ancestor of snapshot.ancestors(process.pid)) {
    const text = ancestorSign(ancestor.process, ancestor.isParent, snapshot.aroundAncestor(ancestor))
    if (text !== null) return { text, doubt: null }
  }
  return null
}

/** A pid can be in use again, and a descriptor can stand for another file by now. */
function stillHolds(process: ProcessDescription, holders: readonly Holder[], inode: number): boolean {
  try {
    const link = holders.find((holder) => holder.pid === process.pid)?.link ?? ''
    return readStat(process.pid).startTime === process.startTime && readlinkSync(link) === `socket:[${inode}]`
  } catch {
    return false
  }
}

function settled(evidence: PeerEvidence): Judgement {
  return { evidence, doubt: null }
}
