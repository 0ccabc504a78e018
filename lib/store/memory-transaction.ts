import type { Device } from '../pairing/device.ts'
import type { Grant } from '../pairing/grant.ts'
import type { PairingRequest } from '../pairing/pairing-request.ts'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import type { TokenRecord } from '../pairing/token.ts'
import { deviceMissing, secondPending } from './constraint-errors.ts'
import { nodeOperations, type NodeTables } from './memory-node-tables.ts'
import { inOrder, ownerOperations, type OwnerTables } from './memory-owner-tables.ts'
import type { Synchronous } from './memory-owner-tables.ts'

export type MemoryTables = OwnerTables &
  NodeTables & {
    settings: Map<string, string>
    devices: Map<string, Device>
    grants: Map<string, Grant>
    tokens: Map<string, TokenRecord>
    requests: Map<string, PairingRequest>
  }

export function emptyTables(): MemoryTables {
  return {
    settings: new Map(),
    devices: new Map(),
    grants: new Map(),
    tokens: new Map(),
    requests: new Map(),
    ignored: new Map(),
    invites: new Map(),
    audit: new Map(),
    events: new Map(),
    nodes: new Map(),
    presence: new Map(),
    remembered: new Map(),
  }
}

/** Rows are never changed in place, so that a copy of the maps is a copy of the store. */
export function copyTables(tables: MemoryTables): MemoryTables {
  const copies = Object.entries(tables).map(([name, rows]) => [name, new Map<unknown, unknown>(rows)])
  return Object.fromEntries(copies) as MemoryTables
}

/** The operations of the port on tables that only this transaction sees. */
export function memoryTransaction(tables: MemoryTables): PairingTransaction {
  const { settings, devices, grants, tokens, requests } = tables
  const pending = () => [...requests.values()].filter((request) => request.state === 'pending')
  const pendingOf = (deviceId: string) => pending().find((request) => request.deviceId === deviceId)

  const operations = {
    ...ownerOperations(tables),
    ...nodeOperations(tables),

    nowMs: () => null,

    setting: (key) => settings.get(key) ?? null,
    putSetting: (key, value) => void settings.set(key, value),

    device: (id) => devices.get(id) ?? null,
    devices: ({ after, limit }) => {
      const rest = [...devices.values()].filter((device) => after === undefined || device.id > after)
      return rest.sort((a, b) => inOrder(a.id, b.id)).slice(0, limit)
    },
    devicesBySeen: ({ after, limit }) => {
      const seenAtMs = (device: Device): number => device.lastSeenAtMs ?? device.createdAtMs
      const isBehind = (device: Device): boolean =>
        after === undefined ||
        seenAtMs(device) < after.seenAtMs ||
        (seenAtMs(device) === after.seenAtMs && device.id > after.id)
      const rest = [...devices.values()].filter(isBehind)
      return rest.sort((a, b) => seenAtMs(b) - seenAtMs(a) || inOrder(a.id, b.id)).slice(0, limit)
    },
    putDevice: (device) => void devices.set(device.id, device),
    deleteDevice: (id) => {
      devices.delete(id)
      for (const owned of [grants, tokens])
        for (const [key, row] of owned) if (row.deviceId === id) owned.delete(key)
    },

    grants: (deviceId) =>
      [...grants.values()]
        .filter((grant) => grant.deviceId === deviceId)
        .sort(
          (a, b) =>
            inOrder(a.role, b.role) ||
            inOrder(a.via, b.via) ||
            a.grantedAtMs - b.grantedAtMs ||
            inOrder(a.id, b.id),
        ),
    silentGrantsSince: (sinceMs) =>
      [...grants.values()]
        .filter((grant) => grant.via === 'silent' && grant.grantedAtMs >= sinceMs)
        .sort(
          (a, b) => a.grantedAtMs - b.grantedAtMs || inOrder(a.deviceId, b.deviceId) || inOrder(a.id, b.id),
        ),
    hasOwnerGrants: () => [...grants.values()].some((grant) => grant.via === 'owner'),
    putGrant: (grant) => {
      if (!devices.has(grant.deviceId)) throw deviceMissing()
      grants.set(grant.id, grant)
    },
    deleteGrant: (id) => void grants.delete(id),
    deleteExpiredGrants: (beforeMs) => {
      for (const { id, expiresAtMs } of grants.values())
        if (expiresAtMs !== null && expiresAtMs < beforeMs) grants.delete(id)
    },

    tokens: (deviceId) =>
      [...tokens.values()]
        .filter((token) => token.deviceId === deviceId)
        .sort((a, b) => inOrder(a.role, b.role)),
    putToken: (token) => {
      if (!devices.has(token.deviceId)) throw deviceMissing()
      tokens.set(keyOf(token.deviceId, token.role), token)
    },
    deleteToken: (deviceId, role) => void tokens.delete(keyOf(deviceId, role)),

    request: (id) => requests.get(id) ?? null,
    pendingRequestOf: (deviceId) => pendingOf(deviceId) ?? null,
    pendingRequests: (limit, after) =>
      pending()
        .filter((one) => after === undefined || byAge(one, after) > 0)
        .sort(byAge)
        .slice(0, limit),
    putRequest: (request) => {
      const other = pendingOf(request.deviceId)
      if (request.state === 'pending' && other !== undefined && other.id !== request.id) throw secondPending()
      requests.set(request.id, request)
    },
    countPending: () => pending().length,
    countRequestsOf: (deviceId, sinceMs) =>
      [...requests.values()].filter((one) => one.deviceId === deviceId && one.createdAtMs >= sinceMs).length,
    countPendingFrom: (prefix) => pending().filter((request) => request.addressPrefix === prefix).length,
    expiredRequests: (nowMs) =>
      pending()
        .filter((request) => request.expiresAtMs <= nowMs)
        .sort((a, b) => a.expiresAtMs - b.expiresAtMs || inOrder(a.id, b.id)),
    deleteSettledRequests: (states, beforeMs) => {
      const old = [...requests.values()].filter(
        (row) => row.state !== 'pending' && states.includes(row.state) && row.createdAtMs < beforeMs,
      )
      for (const request of old) requests.delete(request.id)
      return old.length
    },
  } satisfies Synchronous<PairingTransaction>
  return asynchronous(operations)
}

/** Copies what goes in and what comes out, as a database does: nobody shares an object with the store. */
function asynchronous(operations: Synchronous<PairingTransaction>): PairingTransaction {
  const wrap =
    (operation: (...args: never[]) => unknown) =>
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must become a rejection
    async (...args: unknown[]) =>
      structuredClone(operation(...(structuredClone(args) as never[])))
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [name, wrap(operation)]),
  ) as unknown as PairingTransaction
}

type Aged = Pick<PairingRequest, 'createdAtMs' | 'id'>

function byAge(a: Aged, b: Aged): number {
  return a.createdAtMs - b.createdAtMs || inOrder(a.id, b.id)
}

function keyOf(...parts: string[]): string {
  return JSON.stringify(parts)
}
