import type { IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { requestFacts } from '../../lib/evidence/connection-facts.ts'
import { keptRequest } from '../../lib/evidence/index.ts'
import { decideLocality, localityPolicy, type RequestFacts } from '../../lib/locality/index.ts'
import type { MethodCall } from '../../lib/gateway/methods.ts'
import { KeptVerdicts } from '../../lib/gateway/kept-verdicts.ts'
import { memoryStore } from '../../lib/index.ts'
import { approveAll } from '../../bench/gateway/servers.ts'
import { collectedHeap } from '../threats/collected-heap.ts'
import { runGateway, until, type RunningGateway } from './running-gateway.ts'
import { admittedAs } from './signed-connect.ts'

let running: RunningGateway | null = null
afterEach(async () => {
  await running?.close()
  running = null
})

describe('what a session keeps', () => {
  test.each([
    ['paired silently', false],
    ['approved, so that nobody has asked where it is', true],
  ])('is not the request that it began with: %s', async (_what, isApproved) => {
    const store = memoryStore()
    running = await runGateway({ store })
    const owner = await admittedAs(running.url, createDeviceIdentity(), { scopes: ['operator.admin'] })
    const identity = createDeviceIdentity()
    if (isApproved) {
      const first = await admittedAs(running.url, identity)
      first.client.close()
      await approveAll(store)
    }
    const requests: WeakRef<IncomingMessage>[] = []
    running.server.prependListener('upgrade', (request) => requests.push(new WeakRef(request)))
    const lookups = running.peer.lookups
    const { client, hello } = await admittedAs(running.url, identity)
    expect(running.peer.lookups - lookups).toBe(isApproved ? 0 : 1)
    expect(requests).toHaveLength(1)
    await until(async () => {
      await collectedHeap()
      return requests[0]?.deref() === undefined
    })

    // It can be judged all the same.
    const { connId } = hello.server as { connId: string }
    const explained = await owner.client.request('locality.explain', { connId })
    expect(explained.payload).toMatchObject({
      connId,
      verdict: { isLocal: true, reason: 'local', kind: 'direct', clientAddress: '127.0.0.1' },
    })
    expect(running.peer.lookups - lookups).toBe(1)
    for (const one of [client, owner.client]) one.close()
  })

  test('the signal of a call aborts with the connection, whenever it is asked for', async () => {
    running = await runGateway()
    const signals: AbortSignal[] = []
    let late: () => AbortSignal = () => AbortSignal.timeout(0)
    running.gateway.method('watch', { scope: null }, (call) => {
      signals.push(call.signal, call.signal)
      late = () => call.signal
    })
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    await client.request('watch')
    const [early, same] = signals
    expect(early).toBe(same)
    expect(early?.aborted).toBe(false)
    client.close()
    await until(() => early?.aborted === true)
    expect(late()).toBe(early)
  })

  test('a signal that is asked for after the end has aborted', async () => {
    running = await runGateway()
    const calls: MethodCall[] = []
    running.gateway.method('ignore', { scope: null }, (call) => void calls.push(call))
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    await client.request('ignore')
    client.close()
    const { server } = running
    await until(() => new Promise((resolve) => server.getConnections((_error, open) => resolve(open === 0))))
    expect(calls[0]?.signal.aborted).toBe(true)
  })
})

describe('a request that is kept', () => {
  test('is judged as the request itself is', async () => {
    running = await runGateway()
    const odd = [
      'Host',
      'localhost',
      'X-Odd',
      'quote " and \\ and ü',
      'X-Odd',
      '',
      'X-Forwarded-For',
      '203.0.113.9',
    ]
    const pairs: [RequestFacts, RequestFacts][] = []
    running.server.prependListener('upgrade', (request: IncomingMessage) => {
      const changed = Object.assign(Object.create(request) as IncomingMessage, {
        rawHeaders: odd,
        url: '/a?b',
      })
      pairs.push([requestFacts(keptRequest(changed), true), requestFacts(changed, true)])
      Object.assign(changed, { originalUrl: '/mounted/a?b' })
      pairs.push([requestFacts(keptRequest(changed), true), requestFacts(changed, true)])
    })
    const { client } = await admittedAs(running.url, createDeviceIdentity())
    client.close()
    expect(pairs.map(([facts]) => facts.url)).toEqual(['/a?b', '/mounted/a?b'])
    for (const [facts, wanted] of pairs) expect(facts).toEqual({ ...wanted, rawHeaders: odd })
  })
})

describe('verdicts that are kept', () => {
  const policy = localityPolicy({})
  const verdictOn = (host: string, remoteAddress = '127.0.0.1') =>
    decideLocality(policy, {
      transport: 'tcp',
      remoteAddress,
      httpVersion: '1.1',
      url: '/',
      rawHeaders: ['Host', host],
      peer: { status: 'same-user', process: 'node' },
    })

  test('are one when they are equal, and nobody can change it for the others', () => {
    const verdicts = new KeptVerdicts()
    const first = verdicts.keep(verdictOn('localhost'))
    expect(first).toEqual(verdictOn('localhost'))
    expect(verdicts.keep(verdictOn('localhost'))).toBe(first)
    expect(() => {
      ;(first as { isLocal: boolean }).isLocal = false
    }).toThrow(TypeError)
    expect(() => (first.trace as unknown[]).pop()).toThrow(TypeError)
    for (const entry of first.trace) expect(Object.isFrozen(entry)).toBe(true)
  })

  test('stay apart when anything differs', () => {
    const verdicts = new KeptVerdicts()
    const base = verdictOn('localhost')
    const [entry, ...others] = base.trace
    const different = [
      verdictOn('localhost:1'),
      verdictOn('localhost', '203.0.113.9'),
      { ...base, silent: false },
      { ...base, advice: 'something' },
      { ...base, assurance: 'local-secret' as const },
      { ...base, clientAddress: null },
      { ...base, trace: others },
      { ...base, trace: entry === undefined ? [] : [{ ...entry, outcome: 'fail' as const }, ...others] },
    ]
    const kept = [base, ...different].map((verdict) => verdicts.keep(verdict))
    expect(new Set(kept).size).toBe(kept.length)
    for (const [index, verdict] of [base, ...different].entries()) {
      expect(kept[index]).toEqual(verdict)
      expect(verdicts.keep(verdict)).toBe(kept[index])
    }
  })

  test('are few, whoever connects', () => {
    const verdicts = new KeptVerdicts()
    const first = verdicts.keep(verdictOn('localhost'))
    for (let port = 1; port <= 16; port += 1) verdicts.keep(verdictOn(`localhost:${port}`))
    expect(verdicts.keep(verdictOn('localhost'))).not.toBe(first)
  })
})
