import path from 'node:path'
import {
  callGateway,
  latchkeyHome,
  loadDeviceIdentity,
  type ConnectAuth,
  type ConnectOptions,
} from '../client/index.ts'
import type { PairingList } from './owner-records.ts'
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

export async function listPairings(options: CommonOptions): Promise<PairingList> {
  return (await callAsOwner(options, 'device.pair.list', {})) as PairingList
}

/** Prints JSON with `--json`, text without. */
export function print(options: CommonOptions, value: unknown, text: () => string): void {
  console.log(options.json === true ? printableJson(value) : text())
}
