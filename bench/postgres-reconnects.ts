// postgres-reconnects.ts <url of an empty database> [ms of delay each way]: how many reconnects of paired devices a
// second one PostgreSQL store answers, alone and beside each other. A proxy in between plays the network.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import {
  approvalPolicy,
  pairingService,
  scopeLattice,
  silentPolicy,
  type ConnectAttempt,
  type PairingStore,
} from '../lib/pairing/index.ts'
import { postgresStore } from '../lib/store/postgres/index.ts'

const [url = '', delay = '0'] = process.argv.slice(2)
const DEVICES = 300
const delayMs = Number(delay)

/** Hands on what comes, each piece a while later. */
function slowly(from: Socket, to: Socket): void {
  from.on('data', (piece) => setTimeout(() => to.write(piece), delayMs))
  from.on('close', () => to.destroy())
  from.on('error', () => to.destroy())
}

const target = new URL(url)
const port = Number(target.port || 5432)
const proxy = createServer((client) => {
  const server = connect(port, target.hostname)
  for (const socket of [client, server]) socket.setNoDelay(true)
  slowly(client, server)
  slowly(server, client)
}).listen(0, '127.0.0.1')
await new Promise((resolve) => proxy.once('listening', resolve))
if (delayMs > 0) target.port = String((proxy.address() as AddressInfo).port)

function attemptOf(name: string, token: string | null): ConnectAttempt {
  const claims = {
    displayName: name,
    platform: 'linux',
    deviceFamily: null,
    clientId: 'bench',
    clientMode: 'bench',
  }
  return {
    id: createHash('sha256').update(name).digest('hex'),
    publicKey: randomBytes(32).toString('base64url'),
    claims,
    ask: { role: 'operator', scopes: ['operator.read'] },
    token,
    bootstrapToken: null,
    requiresToken: false,
    verdict: {
      local: false,
      silent: false,
      reason: 'remote',
      assurance: 'none',
      clientAddress: '192.0.2.1',
      advice: null,
      trace: [],
    } as never,
    addressPrefix: '192.0.2.1',
    requestId: randomUUID(),
    verification: null,
  }
}

function serviceOn(store: PairingStore) {
  const lattice = scopeLattice()
  return pairingService({
    store,
    lattice,
    silent: silentPolicy({}, lattice),
    approval: approvalPolicy({}, lattice),
    limits: {
      requestTtlMs: 300_000,
      maxPending: 1000,
      maxPendingPerPrefix: 1000,
      maxRequestsPerDevice: 120,
      tokenTtlMs: 0,
      maxInvites: 3,
    },
    auditSigner: null,
    clock: Date,
    onEvent: () => undefined,
  })
}

const host = { kind: 'host', name: 'host' } as const
const tokens = new Map<string, string>()
for (const poolSize of [1, 4, 8, 16]) {
  const store = await postgresStore({ connectionString: target.href, poolSize, waitTimeoutMs: 600_000 })
  const service = serviceOn(store)
  for (let n = 0; tokens.size < DEVICES; n += 1) {
    const name = `device-${n}`
    const waiting = await service.connect(attemptOf(name, null))
    if (waiting.kind === 'waiting') await service.approve(host, { requestId: waiting.request?.id ?? '' })
    const admitted = await service.connect(attemptOf(name, null))
    if (admitted.kind === 'admitted') tokens.set(name, admitted.newToken ?? '')
  }
  const begin = performance.now()
  let admitted = 0
  const outcomes = await Promise.all(
    [...tokens].map(([name, token]) => service.connect(attemptOf(name, token))),
  )
  for (const { kind } of outcomes) if (kind === 'admitted') admitted += 1
  const seconds = (performance.now() - begin) / 1000
  const alone = performance.now()
  for (let n = 0; n < 100; n += 1) await service.gatewayId()
  const perSecond = 100_000 / (performance.now() - alone)
  console.log(
    `${delayMs} ms, ${poolSize} connections: ${Math.round(admitted / seconds)} reconnects/s (${admitted} of ${DEVICES}), ` +
      `${Math.round(perSecond)} empty transactions/s one after the other`,
  )
  await store.close()
}
proxy.close()
