import path from 'node:path'
import {
  callGateway,
  connectGateway,
  latchkeyHome,
  loadDeviceIdentity,
  type ConnectAuth,
  type ConnectOptions,
} from '../client/index.ts'
import type { PairedRecord, PairingList, PendingRecord } from './owner-records.ts'
import { printableJson } from './printable.ts'

/** Options that every command takes. */
export type CommonOptions = {
  readonly url: string
  readonly home: string
  readonly json?: boolean
  readonly timeout: string
}

export const DEFAULT_URL = 'ws://127.0.0.1:4747/gateway'

/** Where the CLI keeps its own keys: `LATCHKEY_HOME`, else `~/.latchkey`. */
export function defaultHome(): string {
  return latchkeyHome()
}

/** The gateway's shared secret, when the environment has it. */
export function authFromEnvironment(): ConnectAuth {
  const { LATCHKEY_TOKEN: token = '', LATCHKEY_PASSWORD: password = '' } = process.env
  return { ...(token === '' ? {} : { token }), ...(password === '' ? {} : { password }) }
}

/**
 * How the owner connects: with a key of its own, apart from the one of `latchkey call`, because no device may
 * approve itself.
 */
export function asOwner(
  options: CommonOptions,
  moreScopes: readonly string[] = [],
): Omit<ConnectOptions, 'onEvent'> {
  return {
    url: options.url,
    identity: loadDeviceIdentity(path.join(options.home, 'owner.json')),
    scopes: ['operator.admin', ...moreScopes],
    client: { id: 'latchkey-cli', mode: 'cli', displayName: "owner's command line" },
    auth: authFromEnvironment(),
    timeoutMs: Number(options.timeout) * 1000,
  }
}

export function callAsOwner(
  options: CommonOptions,
  method: string,
  params: unknown,
  moreScopes: readonly string[] = [],
): Promise<unknown> {
  return callGateway({ ...asOwner(options, moreScopes), method, params })
}

/**
 * The devices, in pages over one connection: there may be thousands.
 *
 * @param search a part of the name, or the first digits of the key; default: all
 */
export async function listDevices(options: CommonOptions, search = ''): Promise<readonly PairedRecord[]> {
  const connection = await connectGateway(asOwner(options))
  try {
    const params = { search: search.slice(0, 128) }
    return (await readList(connection, 'device.pair.devices', params)).paired
  } finally {
    connection.close()
  }
}

/** All that waits, and of the devices those that have asked before. */
export async function listRequests(options: CommonOptions): Promise<PairingList> {
  const connection = await connectGateway(asOwner(options))
  try {
    return await readList(connection, 'device.pair.requests', { trace: true })
  } finally {
    connection.close()
  }
}

const PAGE = 200

type ListMethod = 'device.pair.requests' | 'device.pair.devices'
type Page = Partial<PairingList> & { readonly cursor: string | null }
type Asking = { request(method: string, params: unknown): Promise<unknown> }

/** @param most stops after so many; default: when there are no more */
export async function readList(
  gateway: Asking,
  method: ListMethod,
  params: object = {},
  most = Infinity,
): Promise<PairingList> {
  // What moves between two pages is told once.
  const pending = new Map<string, PendingRecord>()
  const paired = new Map<string, PairedRecord>()
  let cursor: string | null = null
  do {
    const asked: object = { limit: PAGE, ...params, ...(cursor === null ? {} : { cursor }) }
    const page = (await gateway.request(method, asked)) as Page
    for (const request of page.pending ?? []) pending.set(request.requestId, request)
    for (const device of page.paired ?? []) paired.set(device.deviceId, device)
    cursor = page.cursor
  } while (cursor !== null && pending.size + paired.size < most)
  return { pending: [...pending.values()], paired: [...paired.values()] }
}

/** Prints JSON with `--json`, text without. */
export function print(options: CommonOptions, value: unknown, text: () => string): void {
  console.log(options.json === true ? printableJson(value) : text())
}
