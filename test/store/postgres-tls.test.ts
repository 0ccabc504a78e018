import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { postgresStore, type PostgresStoreOptions } from '../../lib/store/postgres/index.ts'
import { giveToServer, startPostgres, type OwnPostgresServer } from '../postgres-server.ts'
import { scratchFolders } from './scratch-folder.ts'

jest.setTimeout(120_000)
const folder = scratchFolders()()
const file = (name: string) => path.join(folder, name)

let server: OwnPostgresServer
let plain: OwnPostgresServer
let at: PostgresStoreOptions

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8', cwd: folder })
  if (status !== 0) throw new Error(stderr)
}

/** An authority of our own, and a certificate of it for the name `db.test` and 127.0.0.1 for each of the servers. */
function makeCertificates(): void {
  const request = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    ...request,
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  openssl(
    ...request,
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=other authority',
    '-keyout',
    'other.key',
    '-out',
    'other.pem',
  )
  openssl(
    ...request,
    '-subj',
    '/CN=db.test',
    '-addext',
    'subjectAltName=DNS:db.test',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
  )
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-copy_extensions',
    'copy',
    '-out',
    'server.pem',
  )
  openssl(...request, '-subj', '/CN=postgres', '-keyout', 'client.key', '-out', 'client.csr')
  openssl(
    'x509',
    '-req',
    '-in',
    'client.csr',
    '-CA',
    'ca.pem',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-days',
    '2',
    '-out',
    'client.pem',
  )
  chmodSync(file('server.key'), 0o600)
  giveToServer(file('server.key'))
}

beforeAll(async () => {
  makeCertificates()
  const ssl = {
    ssl: 'on',
    ssl_cert_file: file('server.pem'),
    ssl_key_file: file('server.key'),
    ssl_ca_file: file('ca.pem'),
  }
  ;[server, plain] = await Promise.all([
    startPostgres({ fsync: 'off', ...ssl }),
    startPostgres({ fsync: 'off' }),
  ])
  const database = new URL(await server.database()).pathname.slice(1)
  at = { host: '127.0.0.1', port: server.port, user: 'postgres', database, connectTimeoutMs: 10_000 }
})
afterAll(() => Promise.all([server.stop(), plain.stop()]))

const pem = (name: string) => readFileSync(file(name), 'utf8')

async function encrypted(options: PostgresStoreOptions): Promise<unknown> {
  const store = await postgresStore(options)
  await store.transaction((tx) => tx.putSetting('k', 'v'))
  const [row] = await server.query<{ ssl: boolean }>(
    `postgres://postgres@127.0.0.1:${server.port}/${at.database ?? ''}`,
    "select bool_and(ssl) as ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'latchkey'",
  )
  await store.close()
  return row?.ssl
}

test('the connection is encrypted when the authority and the name are right', async () => {
  expect(await encrypted({ ...at, ssl: { ca: pem('ca.pem'), servername: 'db.test' } })).toBe(true)
  expect(await encrypted(at)).toBe(false)
})

test.each([
  ['an authority that nobody named', true, /certificate of the server was not accepted; name its authority/],
  ['another authority', { ca: 'other.pem', servername: 'db.test' }, /not accepted/],
  ['another name', { ca: 'ca.pem', servername: 'elsewhere.test' }, /for another name/],
  ['the address in place of the name', { ca: 'ca.pem' }, /for another name/],
])('%s is refused', async (_name, ssl, message) => {
  const given = ssl === true ? true : { ...(ssl as { ca: string }), ca: pem((ssl as { ca: string }).ca) }
  const opening = postgresStore({ ...at, ssl: given })
  await expect(opening).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    details: { retryable: false },
    message: expect.stringMatching(message),
  })
})

test('any certificate is accepted for whoever says that it is dangerous', async () => {
  expect(await encrypted({ ...at, ssl: { dangerouslyAcceptAnyCertificate: true } })).toBe(true)
})

test('the URL names files, and verifies whatever its mode is called', async () => {
  const url = `postgres://postgres@127.0.0.1:${server.port}/${at.database ?? ''}`
  for (const mode of ['require', 'verify-ca', 'verify-full']) {
    const connectionString = `${url}?sslmode=${mode}&sslrootcert=${file('ca.pem')}`
    await expect(postgresStore({ connectionString })).rejects.toThrow(/for another name/)
  }
})

test('a client certificate is shown to a server that asks for one', async () => {
  await server.allow('hostssl all postgres 127.0.0.1/32 cert')
  const ssl = { ca: pem('ca.pem'), servername: 'db.test' }
  await expect(postgresStore({ ...at, ssl })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  const store = await postgresStore({
    ...at,
    ssl: { ...ssl, cert: pem('client.pem'), key: pem('client.key') },
  })
  await store.close()
})

test('a server without TLS is refused, not spoken to in the open', async () => {
  const opening = postgresStore({ ...at, port: plain.port, ssl: true })
  await expect(opening).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringContaining('does not speak TLS'),
    details: { retryable: false },
  })
})
