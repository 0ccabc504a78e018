import { pathToFileURL } from 'node:url'
import path from 'node:path'
import type { GatewayOptions } from '../admin/index.ts'
import { LatchkeyError, rejectUnknownKeys } from '../errors.ts'
import type { PostgresStoreOptions } from '../store/postgres/index.ts'

/** What the file that `latchkey serve --config` names exports by default. What stands on the command line wins. */
export type ServeConfig = {
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string
  /** Default 4747. */
  port?: number
  /** Where the store is kept. Default `.latchkey`. */
  stateDir?: string
  /** A PostgreSQL store in its place: `postgres://…`, or options of `postgresStore()`. */
  store?: string | PostgresStoreOptions
  /** A Unix socket too, for clients of this user alone. */
  socket?: string
  /** The gateway as others reach it, for the link of the first owner. */
  publicUrl?: string
  /** Whether a link for the first owner is printed. Default `true`. */
  ownerLink?: boolean
  /** Options of `createGateway()`, but for the store. */
  gateway?: Omit<GatewayOptions, 'store' | 'onEvent'>
}

type Kind = 'string' | 'number' | 'boolean' | 'object'
const KNOWN: Record<keyof Required<ServeConfig>, Kind | readonly Kind[]> = {
  host: 'string',
  port: 'number',
  stateDir: 'string',
  store: ['string', 'object'],
  socket: 'string',
  publicUrl: 'string',
  ownerLink: 'boolean',
  gateway: 'object',
}

/**
 * Runs a configuration file (a module) and checks what it exports. The options of the gateway are checked by the
 * gateway itself.
 *
 * @throws {LatchkeyError} OPTION_INVALID, OPTION_UNKNOWN with the file, what was wrong and what was expected
 */
export async function readServeConfig(file: string): Promise<ServeConfig> {
  const absolute = path.resolve(file)
  let module: { readonly default?: unknown }
  try {
    module = (await import(pathToFileURL(absolute).href)) as { readonly default?: unknown }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new LatchkeyError('OPTION_INVALID', `the configuration ${absolute} cannot be run: ${why}`, {
      cause: error,
    })
  }
  const config = module.default
  if (typeof config !== 'object' || config === null) {
    throw new LatchkeyError(
      'OPTION_INVALID',
      `the configuration ${absolute} has no default export: expected export default { port: 4747, … }`,
    )
  }
  rejectUnknownKeys(absolute, config, Object.keys(KNOWN))
  for (const [name, kind] of Object.entries(KNOWN)) {
    const value = (config as Readonly<Record<string, unknown>>)[name]
    const kinds: readonly string[] = typeof kind === 'string' ? [kind] : kind
    if (value === undefined || (kinds.includes(typeof value) && value !== null)) continue
    // What stands there may be a password.
    const got = name === 'store' ? typeof value : JSON.stringify(value)
    throw new LatchkeyError(
      'OPTION_INVALID',
      `${absolute}: ${name}: expected a ${kinds.join(' or ')}, got ${got}`,
    )
  }
  const { port = 0, gateway = {} } = config as ServeConfig
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new LatchkeyError(
      'OPTION_INVALID',
      `${absolute}: port: expected a number from 0 to 65535, got ${port}`,
    )
  for (const name of ['store', 'onEvent']) {
    if (name in gateway)
      throw new LatchkeyError(
        'OPTION_INVALID',
        `${absolute}: gateway.${name} is the command's own; leave it out`,
      )
  }
  return config
}
