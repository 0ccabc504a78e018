import { LatchkeyError } from '../errors.ts'
import type { NodeRecord, Remembered } from '../pairing/pairing-store.ts'
import { inOrder, type Synchronous } from './memory-owner-tables.ts'
import type { NodeOperations } from './node-statements.ts'

export type NodeTables = {
  nodes: Map<string, NodeRecord>
  /** By device, those of all nodes. */
  presence: Map<string, ReadonlySet<string>>
  remembered: Map<string, Remembered>
}

export function nodeOperations(tables: NodeTables): Synchronous<NodeOperations> {
  const { nodes, presence, remembered } = tables

  function leave(nodeId: string, deviceId: string): void {
    const left = new Set(presence.get(deviceId))
    left.delete(nodeId)
    if (left.size === 0) presence.delete(deviceId)
    else presence.set(deviceId, left)
  }

  return {
    nodes: () => [...nodes.values()].sort((a, b) => inOrder(a.id, b.id)),
    putNode: (node) => void nodes.set(node.id, node),
    deleteNode: (id) => {
      nodes.delete(id)
      for (const deviceId of [...presence.keys()]) leave(id, deviceId)
    },
    addPresence: (nodeId, deviceIds) => {
      if (!nodes.has(nodeId)) throw new LatchkeyError('NOT_FOUND', 'this node is not known')
      for (const deviceId of deviceIds)
        presence.set(deviceId, new Set([...(presence.get(deviceId) ?? []), nodeId]))
    },
    deletePresence: (nodeId, deviceIds) => {
      for (const deviceId of deviceIds) leave(nodeId, deviceId)
    },
    isPresent: (deviceId, exceptNode) =>
      [...(presence.get(deviceId) ?? [])].some((nodeId) => nodeId !== exceptNode),

    remembered: (key) => remembered.get(key) ?? null,
    remember: (key, one) => void remembered.set(key, one),
    forget: (key) => void remembered.delete(key),
    forgetRemembered: (nowMs) => {
      for (const [key, { untilMs }] of remembered) if (untilMs <= nowMs) remembered.delete(key)
    },
  }
}
