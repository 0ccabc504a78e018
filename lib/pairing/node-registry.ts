import type { NodeRecord, PairingTransaction } from './pairing-store.ts'

export const BEAT_MS = 5000
/** A node that shows no sign of life for so long is dead. */
const DEAD_AFTER_MS = 4 * BEAT_MS

export type NodeIdentity = { readonly id: string; readonly host: string; readonly pid: number }

export type Registry = {
  /** Others use the store too, as far as this node knows. */
  readonly hasCompany: boolean
  /**
   * One beat: a sign of life where others may look for one, the devices that are connected, and those that have
   * died meanwhile. They are this node's to tell of, until `bury`.
   *
   * @param nowMs a clock that never runs backwards
   */
  beat(tx: PairingTransaction, state: { toldSeq: number; connected: ReadonlySet<string>; nowMs: number }): Promise<NodeRecord[]> // prettier-ignore
  /** Notes what was told, when that has changed. */
  note(tx: PairingTransaction, toldSeq: number): Promise<void>
  /** Takes note that the last transaction with `beat` or `note` was committed. */
  committed(): void
}

/**
 * Which gateways use the store. A node that is alone writes next to nothing; it beats as soon as another has put
 * itself on the list. Life is told by a number that changes, by the looker's own clock.
 *
 * @param isGone true for a node whose process has certainly ended
 */
export function nodeRegistry(
  me: NodeIdentity,
  isShared: boolean,
  isGone: (node: NodeRecord) => boolean,
): Registry {
  const seen = new Map<string, { beat: number; sinceMs: number }>()
  let lastBeatMs = 0
  let beat = 0
  let hasCompany = isShared
  let written: { toldSeq: number; present: ReadonlySet<string> } = { toldSeq: -1, present: new Set() }
  let writing = written

  function isDead(node: NodeRecord, nowMs: number): boolean {
    const known = seen.get(node.id)
    if (known?.beat !== node.beat) seen.set(node.id, { beat: node.beat, sinceMs: nowMs })
    if (isGone(node)) return true
    return known?.beat === node.beat && nowMs - known.sinceMs > DEAD_AFTER_MS
  }

  async function put(tx: PairingTransaction, toldSeq: number): Promise<void> {
    await tx.putNode({ ...me, beat: (beat += 1), toldSeq, heir: null })
  }

  return {
    get hasCompany() {
      return hasCompany
    },
    async beat(tx, { toldSeq, connected, nowMs }) {
      // Whoever could not look for a while must not take others for dead.
      if (nowMs - lastBeatMs > 2 * BEAT_MS) seen.clear()
      lastBeatMs = nowMs
      const nodes = await tx.nodes()
      const others = nodes.filter((node) => node.id !== me.id)
      const dead = others.filter((node) => isDead(node, nowMs))
      for (const id of seen.keys()) if (!others.some((node) => node.id === id)) seen.delete(id)
      hasCompany = isShared || others.length > 0
      const isListed = others.length < nodes.length
      if (hasCompany || !isListed || written.toldSeq !== toldSeq) await put(tx, toldSeq)
      // One that was taken for dead has lost its presence.
      const present = isListed ? written.present : new Set<string>()
      if (hasCompany) await writePresence(tx, me.id, present, connected)
      writing = { toldSeq, present: hasCompany ? new Set(connected) : present }
      const living = new Set(nodes.filter((node) => !dead.includes(node)).map(({ id }) => id))
      const mine = dead.filter(({ heir }) => heir === null || heir === me.id || !living.has(heir))
      for (const node of mine) await tx.putNode({ ...node, heir: me.id })
      return mine
    },
    async note(tx, toldSeq) {
      if (toldSeq === written.toldSeq) return
      await put(tx, toldSeq)
      writing = { ...written, toldSeq }
    },
    committed() {
      written = writing
    },
  }
}

async function writePresence(
  tx: PairingTransaction,
  nodeId: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<void> {
  await tx.deletePresence(
    nodeId,
    [...before].filter((id) => !after.has(id)),
  )
  await tx.addPresence(
    nodeId,
    [...after].filter((id) => !before.has(id)),
  )
}
