// An app with a gateway, from the build: says on stdout where it listens, and writes every event of the gateway
// and every line of its logger to `app.log`. Ends with its standard input. argv: AppOptions as JSON.
import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { AppOptions } from '../app-process.ts'
import { builtPostgres, latchkey } from '../built-package.ts'
import { crashingStore } from '../crashing-store.ts'

const { folder, crash = null, database = null, ...options } = JSON.parse(process.argv[2] ?? '') as AppOptions
const log = (kind: string, ...said: readonly unknown[]): void =>
  appendFileSync(path.join(folder, 'app.log'), `${JSON.stringify([kind, ...said])}\n`)
const say =
  (level: string) =>
  (message: string, fields: unknown): void =>
    log(level, message, fields)

const store =
  database === null
    ? await latchkey.sqliteStore(path.join(folder, 'latchkey.db'))
    : await (await builtPostgres()).postgresStore({ connectionString: database })
const gateway = await latchkey.createGateway({
  ...options,
  store: crash === null ? store : crashingStore(store, crash),
  logger: { info: say('info'), warn: say('warn'), error: say('error') },
  onEvent(event) {
    if (crash?.at === 'before telling' && crash.countdown-- <= 0) process.kill(process.pid, 'SIGKILL')
    log('event', event)
  },
})
gateway.method('notes.list', { scope: 'operator.read' }, () => ['water the plants'])
gateway.method('agent', { scope: 'operator.write' }, () => ({ accepted: true }))
gateway.method('sessions.patch', { scope: 'operator.admin' }, ({ params }) => ({ patched: params }))
gateway.method('photos.list', { scope: 'photos.read' }, () => ['cat.jpg'])
gateway.method('whoami', { scope: null }, ({ deviceId, role, scopes, locality }) => {
  const { silent, assurance, reason } = locality ?? {}
  return { deviceId, role, scopes, silent, assurance, reason }
})
// As an agent does that starts another one: the child calls back with the identity of whoever asked for it.
gateway.method('sessions.spawn', { scope: 'operator.write' }, async ({ params }) => {
  const { tool, spec } = params as { readonly tool: string; readonly spec: unknown }
  const args = ['--experimental-strip-types', '--no-warnings', tool, JSON.stringify(spec)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await text(child.stdout)) as unknown
})

const server = createServer()
gateway.attach(server, { path: '/gateway' })
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)
})
process.stdin.resume().on('end', () => {
  void gateway.close().then(() => process.exit(0))
})
