import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import { readConnectionUrl, type ConnectionParts } from './connection-url.ts'

/** How the connection is encrypted, and whom it trusts. */
export type PostgresTlsOptions = {
  /** The authorities to trust, in PEM, in place of those that Node trusts. */
  ca?: string | undefined
  /** A certificate of this client, and its key, in PEM. */
  cert?: string | undefined
  key?: string | undefined
  /** The name that the server's certificate must have. Default: the host. */
  servername?: string | undefined
  /** Encrypts, and talks to whoever answers: somebody in between reads and changes everything. */
  dangerouslyAcceptAnyCertificate?: boolean | undefined
}

/** Where the database is, and how it is reached. */
export type PostgresStoreOptions = {
  /**
   * `postgres://user:password@host:port/database?sslmode=verify-full`. In place of host, port, database, user,
   * password and ssl.
   */
  connectionString?: string | undefined
  /** A name, an address, or the folder of a Unix socket. Default: `PGHOST`, else `localhost`. */
  host?: string | undefined
  /** Default: `PGPORT`, else 5432. */
  port?: number | undefined
  /** Default: `PGDATABASE`, else the name of the user. */
  database?: string | undefined
  /** Default: `PGUSER`, else the user that runs the process. */
  user?: string | undefined
  /** Or what gives it for each new connection. Default: `PGPASSWORD`, else the file of `PGPASSFILE`. */
  password?: string | (() => string | Promise<string>) | undefined
  /**
   * `true`: TLS with a certificate that is verified, or no connection. Default: `PGSSLMODE`, else `false`, which
   * lets everybody on the way read along.
   */
  ssl?: boolean | PostgresTlsOptions | undefined
  /** Where the tables are; made when it does not exist. Default `latchkey`. */
  schema?: string | undefined
  /** How the server names these connections, in pg_stat_activity and its log. Default `latchkey`. */
  applicationName?: string | undefined
  /** Connections at a time, beside the one that listens. Default 8. */
  poolSize?: number | undefined
  /** How long a new connection may take, in milliseconds. Default 5000. */
  connectTimeoutMs?: number | undefined
  /** How long a transaction waits for those of this process before it rejects, in milliseconds. Default 15000. */
  waitTimeoutMs?: number | undefined
  /** How long it waits for those of other processes, in milliseconds. Default 10000. */
  lockTimeoutMs?: number | undefined
  /** How long one statement may take, in milliseconds. Default 10000. */
  statementTimeoutMs?: number | undefined
  /** After how long the server ends a transaction whose process has stalled, in milliseconds. Default 5000. */
  idleInTransactionTimeoutMs?: number | undefined
  /** Whether to be woken with LISTEN. `false` behind a pooler in transaction mode. Default `true`. */
  listen?: boolean | undefined
  /** Where to listen, past a pooler. Default: as for everything else. */
  listenConnectionString?: string | undefined
}

const TIMES = {
  connectTimeoutMs: 5000,
  waitTimeoutMs: 15_000,
  lockTimeoutMs: 10_000,
  statementTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 5000,
} as const

const KNOWN: Record<keyof Required<PostgresStoreOptions>, true> = {
  connectionString: true,
  host: true,
  port: true,
  database: true,
  user: true,
  password: true,
  ssl: true,
  schema: true,
  applicationName: true,
  poolSize: true,
  connectTimeoutMs: true,
  waitTimeoutMs: true,
  lockTimeoutMs: true,
  statementTimeoutMs: true,
  idleInTransactionTimeoutMs: true,
  listen: true,
  listenConnectionString: true,
}
const PARTS = ['host', 'port', 'database', 'user', 'password', 'ssl'] as const
const TLS_KEYS = ['ca', 'cert', 'key', 'servername', 'dangerouslyAcceptAnyCertificate']

export type PostgresConfig = Record<keyof typeof TIMES, number> & {
  readonly connection: ConnectionParts
  /** `null`: no listening. */
  readonly listenConnection: ConnectionParts | null
  readonly schema: string
  readonly applicationName: string
  readonly poolSize: number
}

/** @throws {LatchkeyError} OPTION_INVALID, OPTION_UNKNOWN; never with the password */
export function readPostgresOptions(options: PostgresStoreOptions): PostgresConfig {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw invalid("postgresStore() takes an object, such as { connectionString: 'postgres://…' }")
  rejectUnknownKeys('postgresStore()', options, Object.keys(KNOWN))
  const connection = readConnection(options)
  const listens = options.listen ?? true
  if (typeof listens !== 'boolean') throw invalid('listen must be true or false')
  const { listenConnectionString: listenAt } = options
  return {
    connection,
    listenConnection: listens
      ? listenAt === undefined
        ? connection
        : readConnectionUrl('listenConnectionString', listenAt)
      : null,
    schema: readSchema(options.schema ?? 'latchkey'),
    applicationName: readText('applicationName', options.applicationName ?? 'latchkey', 63),
    poolSize: readNumber('poolSize', options.poolSize ?? 8, 1, 100),
    ...readTimes(options),
  }
}

function readTimes(options: PostgresStoreOptions): Record<keyof typeof TIMES, number> {
  const entries = Object.entries(TIMES).map(([name, fallback]) => {
    const given = options[name as keyof typeof TIMES] ?? fallback
    return [name, readNumber(name, given, 1, 2 ** 31 - 1)]
  })
  return Object.fromEntries(entries) as Record<keyof typeof TIMES, number>
}

function readConnection(options: PostgresStoreOptions): ConnectionParts {
  const given = PARTS.filter((name) => options[name] !== undefined)
  if (options.connectionString !== undefined) {
    if (given.length > 0) throw invalid(`say either connectionString or ${given.join(', ')}, not both`)
    return readConnectionUrl('connectionString', options.connectionString)
  }
  const { host, port, database, user, password, ssl } = options
  for (const [name, value] of Object.entries({ host, database, user }))
    if (value !== undefined) readText(name, value, 255)
  if (port !== undefined) readNumber('port', port, 1, 65535)
  if (password !== undefined && typeof password !== 'string' && typeof password !== 'function')
    throw invalid('password must be a text, or a function that gives one')
  return { host, port, database, user, password, ssl: ssl === undefined ? undefined : readTls(ssl) }
}

function readTls(ssl: boolean | PostgresTlsOptions): ConnectionParts['ssl'] {
  if (typeof ssl === 'boolean') return ssl
  if (typeof ssl !== 'object') throw invalid('ssl must be true, false or { ca, cert, key, servername }')
  rejectUnknownKeys('postgresStore() ssl', ssl, TLS_KEYS)
  const { dangerouslyAcceptAnyCertificate: acceptsAny = false, ...texts } = ssl
  for (const [name, value] of Object.entries(texts))
    if (value !== undefined && typeof value !== 'string') throw invalid(`ssl.${name} must be a text in PEM`)
  if (typeof acceptsAny !== 'boolean')
    throw invalid('ssl.dangerouslyAcceptAnyCertificate must be true or false')
  return { ...texts, rejectUnauthorized: !acceptsAny }
}

function readSchema(schema: unknown): string {
  const text = readText('schema', schema, 63)
  // PostgreSQL would cut a longer name off, and keeps pg_ for itself.
  if (Buffer.byteLength(text) > 63 || /^pg_/.test(text) || text === 'information_schema')
    throw invalid(`schema: ${JSON.stringify(text)} cannot be the name of a schema of ours`)
  return text
}

function readText(name: string, value: unknown, maxLength: number): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxLength && !value.includes('\0'))
    return value
  throw invalid(`${name} must be a text of 1 to ${maxLength} characters`)
}

function readNumber(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw invalid(`${name} must be a whole number from ${min} to ${max}`)
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', message)
}
