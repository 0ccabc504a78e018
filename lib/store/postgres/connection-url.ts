import { readFileSync } from 'node:fs'
import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'

/** What the driver is told of a connection; what is undefined it takes from the environment. */
export type ConnectionParts = {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | (() => string | Promise<string>) | undefined
  readonly ssl?:
    | boolean
    | undefined
    | {
        readonly ca?: string | undefined
        readonly cert?: string | undefined
        readonly key?: string | undefined
        readonly servername?: string | undefined
        readonly rejectUnauthorized: boolean
      }
}

const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']
const FORM = 'postgres://user:password@host:5432/database'

/**
 * Reads a connection URL. Whatever `sslmode` asks for encryption also verifies the certificate; a mode that would
 * fall back to plain text, or verify nothing, is refused.
 *
 * @param name the option that it is, for errors, which never quote it
 */
export function readConnectionUrl(name: string, text: unknown): ConnectionParts {
  const url = typeof text === 'string' ? parseUrl(text) : null
  if (url === null)
    throw invalid(`${name} is not a URL of the form ${FORM}; encode special characters (%40 for @)`)
  const parameters = Object.fromEntries(url.searchParams)
  rejectUnknownKeys(`${name}, the part after ?`, parameters, PARAMETERS)
  const { host: socket, ...tls } = parameters
  const host = socket ?? decode(name, url.hostname).replace(/^\[(.*)\]$/, '$1')
  const database = decode(name, url.pathname.slice(1))
  return {
    host: orUndefined(host),
    port: url.port === '' ? undefined : Number(url.port),
    database: orUndefined(database),
    user: orUndefined(decode(name, url.username)),
    password: orUndefined(decode(name, url.password)),
    ssl: readTls(name, tls),
  }
}

function readTls(name: string, tls: Readonly<Record<string, string>>): ConnectionParts['ssl'] {
  const { sslmode, sslrootcert, sslcert, sslkey } = tls
  if (sslmode === 'disable') return false
  if (sslmode === undefined && sslrootcert === undefined && sslcert === undefined) return undefined
  if (sslmode !== undefined && !['require', 'verify-ca', 'verify-full'].includes(sslmode))
    throw invalid(
      `${name}: sslmode=${sslmode} would not protect the connection: use verify-full (which require and ` +
        'verify-ca mean here, too) or disable; to accept any certificate, say so with ssl in the options',
    )
  return {
    ca: readFile(name, 'sslrootcert', sslrootcert),
    cert: readFile(name, 'sslcert', sslcert),
    key: readFile(name, 'sslkey', sslkey),
    rejectUnauthorized: true,
  }
}

function readFile(name: string, parameter: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw invalid(`${name}: ${parameter}: ${(error as Error).message}`)
  }
}

function parseUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^postgres(?:ql)?:$/.test(url.protocol) && url.hash === '' ? url : null
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid(`${name}: a % in it is not followed by two hex digits; write %25 for the character %`)
  }
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', message)
}
