import type { Device } from '../pairing/device.ts'
import type { Grant } from '../pairing/grant.ts'
import type { PairingRequest } from '../pairing/pairing-request.ts'
import type { PairingTransaction } from '../pairing/pairing-store.ts'
import type { TokenRecord } from '../pairing/token.ts'
import { deviceMissing, secondPending } from './constraint-errors.ts'

export type MemoryTables = {
  settings: Map<string, string>
  devices: Map<string, Device>
  grants: Map<string, Grant>
  tokens: Map<string, TokenRecord>
  requests: Map<string, PairingRequest>
}

/** Rows are never changed in place, so that a copy of the maps is a copy of the store. */
export function copyTables(tables: MemoryTables): MemoryTables {
  return {
    settings: new Map(tables.settings),
    devices: new Map(tables.devices),
    grants: new Map(tables.grants),
    tokens: new Map(tables.tokens),
    requests: new Map(tables.requests),
  }
}

/** The operations of the port on tables that only this transaction sees. */
export function memoryTransaction(tables: MemoryTables): PairingTransaction {
  const { settings, devices, grants, tokens, requests } = tables
  const pending = () => [...requests.values()].filter((request) => request.state === 'pending')
  const pendingOf = (deviceId: string) => pending().find((request) => request.deviceId === deviceId)

  const operations = {
    setting: (key) => settings.get(key) ?? null,
    putSetting: (key, value) => void settings.set(key, value),

    device: (id) => devices.get(id) ?? null,
    devices: ({ after, limit }) => {
      const rest = [...devices.values()].filter((device) => after === undefined || device.id > after)
      return rest.sort((a, b) => order(a.id, b.id)).slice(0, limit)
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
        .sort((a, b) => order(a.role, b.role) || order(a.via, b.via)),
    putGrant: (grant) => {
      if (!devices.has(grant.deviceId)) throw deviceMissing()
      grants.set(keyOf(grant.deviceId, grant.role, grant.via), grant)
    },
    deleteGrant: (deviceId, role, via) => void grants.delete(keyOf(deviceId, role, via)),

    tokens: (deviceId) =>
      [...tokens.values()]
        .filter((token) => token.deviceId === deviceId)
        .sort((a, b) => order(a.role, b.role)),
    putToken: (token) => {
      if (!devices.has(token.deviceId)) throw deviceMissing()
      tokens.set(keyOf(token.deviceId, token.role), token)
    },
    deleteToken: (deviceId, role) => void tokens.delete(keyOf(deviceId, role)),

    request: (id) => requests.get(id) ?? null,
    pendingRequestOf: (deviceId) => pendingOf(deviceId) ?? null,
    pendingRequests: (limit) =>
      pending()
        .sort((a, b) => a.createdAtMs - b.createdAtMs || order(a.id, b.id))
        .slice(0, limit),
    putRequest: (request) => {
      const other = pendingOf(request.deviceId)
      if (request.state === 'pending' && other !== undefined && other.id !== request.id) throw secondPending()
      requests.set(request.id, request)
    },
    countPending: () => pending().length,
    countPendingFrom: (prefix) => pending().filter((request) => request.addressPrefix === prefix).length,
    expiredRequests: (nowMs) =>
      pending()
        .filter((request) => request.expiresAtMs <= nowMs)
        .sort((a, b) => a.expiresAtMs - b.expiresAtMs || order(a.id, b.id)),
    deleteSettledRequests: (beforeMs) => {
      const old = [...requests.values()].filter(
        (row) => row.state !== 'pending' && row.createdAtMs < beforeMs,
      )
      for (const request of old) requests.delete(request.id)
      return old.length
    },
  } satisfies Synchronous<PairingTransaction>
  return asynchronous(operations)
}

type Synchronous<T> = {
  [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R> ? (...args: A) => R : never
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

function keyOf(...parts: string[]): string {
  return JSON.stringify(parts)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
