import { inspect } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { LatchkeyError } from '../../lib/errors.ts'
import { postgresStore, type PostgresStoreOptions } from '../../lib/store/postgres/index.ts'
import { readConnectionUrl } from '../../lib/store/postgres/connection-url.ts'
import { readPostgresOptions } from '../../lib/store/postgres/postgres-options.ts'

const URL_OF = 'postgres://ann:secret%40%2F@db.example:6543/home'

describe('postgresStore() refuses', () => {
  const cases: [string, unknown, string, RegExp][] = [
    ['no object', URL_OF, 'OPTION_INVALID', /takes an object/],
    ['an unknown key', { conectionString: URL_OF }, 'OPTION_UNKNOWN', /did you mean connectionString\?/],
    ['an unknown key of ssl', { ssl: { rejectUnauthorized: false } }, 'OPTION_UNKNOWN', /rejectUnauthorized/],
    [
      'two places',
      { connectionString: URL_OF, host: 'x' },
      'OPTION_INVALID',
      /either connectionString or host/,
    ],
    [
      'another protocol',
      { connectionString: 'mysql://ann:secret@x/y' },
      'OPTION_INVALID',
      /not a URL of the form/,
    ],
    [
      'a password that is not encoded',
      { connectionString: 'postgres://ann:secr%et@x/y' },
      'OPTION_INVALID',
      /%25/,
    ],
    [
      'a port that is none',
      { connectionString: 'postgres://ann:secret@x:99999/y' },
      'OPTION_INVALID',
      /%40 for @/,
    ],
    [
      'an unknown parameter',
      { connectionString: `${URL_OF}?sslmod=require` },
      'OPTION_UNKNOWN',
      /did you mean sslmode/,
    ],
    [
      'TLS that falls back',
      { connectionString: `${URL_OF}?sslmode=prefer` },
      'OPTION_INVALID',
      /verify-full/,
    ],
    [
      'TLS that verifies nothing',
      { connectionString: `${URL_OF}?sslmode=no-verify` },
      'OPTION_INVALID',
      /would not protect/,
    ],
    [
      'a missing authority',
      { connectionString: `${URL_OF}?sslrootcert=/no/such` },
      'OPTION_INVALID',
      /sslrootcert.*ENOENT/,
    ],
    [
      'a bad listening URL',
      { listenConnectionString: 'nonsense' },
      'OPTION_INVALID',
      /listenConnectionString/,
    ],
    ['a port', { port: 0 }, 'OPTION_INVALID', /port must be a whole number from 1 to 65535/],
    ['no host', { host: '' }, 'OPTION_INVALID', /host must be a text/],
    ['a password', { password: 7 }, 'OPTION_INVALID', /password must be a text/],
    ['a time', { lockTimeoutMs: 0 }, 'OPTION_INVALID', /lockTimeoutMs/],
    ['a pool of none', { poolSize: 0 }, 'OPTION_INVALID', /poolSize/],
    ['a schema of the system', { schema: 'pg_catalog' }, 'OPTION_INVALID', /cannot be the name/],
    ['a schema that would be cut off', { schema: 'ü'.repeat(40) }, 'OPTION_INVALID', /cannot be the name/],
    ['a NUL', { schema: 'a\0b' }, 'OPTION_INVALID', /schema must be a text/],
  ]
  test.each(cases)('%s', async (_name, options, code, message) => {
    let error: unknown
    try {
      await postgresStore(options as PostgresStoreOptions)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(LatchkeyError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secr')
  })
})

describe('a connection URL', () => {
  test.each([
    [
      URL_OF,
      { host: 'db.example', port: 6543, database: 'home', user: 'ann', password: 'secret@/', ssl: undefined },
    ],
    [
      'postgresql://[::1]/x',
      { host: '::1', port: undefined, database: 'x', user: undefined, password: undefined },
    ],
    [
      'postgres:///x?host=/var/run/postgresql',
      { host: '/var/run/postgresql', database: 'x', port: undefined },
    ],
    ['postgres://h/x?sslmode=disable', { ssl: false }],
    ['postgres://h/x?sslmode=require', { ssl: { rejectUnauthorized: true } }],
    ['postgres://h/x?sslmode=verify-ca', { ssl: { rejectUnauthorized: true } }],
    ['postgres://h/x?sslmode=verify-full', { ssl: { rejectUnauthorized: true } }],
  ])('%s', (url, parts) => {
    expect(readConnectionUrl('connectionString', url)).toMatchObject(parts)
  })
})

test('what is not said has the defaults of the documentation', () => {
  expect(readPostgresOptions({})).toMatchObject({
    schema: 'latchkey',
    applicationName: 'latchkey',
    poolSize: 8,
    connectTimeoutMs: 5000,
    waitTimeoutMs: 15_000,
    lockTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
    idleInTransactionTimeoutMs: 5000,
  })
  expect(readPostgresOptions({ listen: false }).listenConnection).toBeNull()
  expect(readPostgresOptions({ ssl: { ca: 'pem' } }).connection.ssl).toEqual({
    ca: 'pem',
    rejectUnauthorized: true,
  })
  expect(readPostgresOptions({ ssl: { dangerouslyAcceptAnyCertificate: true } }).connection.ssl).toEqual({
    rejectUnauthorized: false,
  })
})
