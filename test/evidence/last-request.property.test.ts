import type { Server, Socket } from 'node:net'
import { describe, expect, it, jest } from '@jest/globals'
import fc from 'fast-check'
import type { JudgedRequest } from '../../lib/evidence/connection-facts.ts'
import { localityJudge } from '../../lib/evidence/index.ts'
import { markIngress, markPrivate } from '../../lib/evidence/ingress.ts'
import type { Connection } from '../../lib/evidence/peer-lookup.ts'
import { TaintMemory } from '../../lib/evidence/taint.ts'
import { localityPolicy, type LocalityOptions, type PeerEvidence } from '../../lib/locality/index.ts'

type Sent = Pick<JudgedRequest, 'rawHeaders' | 'httpVersion' | 'url'>
type Step =
  | { readonly kind: 'request'; readonly sent: Sent }
  | { readonly kind: 'mark'; readonly as: 'public' | 'local' | 'private' }
  | { readonly kind: 'limit'; readonly to: number | null }
  | { readonly kind: 'taint'; readonly what: 'connection' | 'process' | 'everybody' }

const SAME_USER: PeerEvidence = { status: 'same-user', holders: [{ pid: 7, startTime: '1' }] }
const POLICIES: LocalityOptions[] = [
  {},
  {
    trustProxy: ['loopback', '10.0.0.0/8'],
    hosts: ['home.example'],
    allowedOrigins: ['https://app.example'],
  },
  { dangerouslyTrustHeaders: true },
  { assurance: 'private-listener' },
]
const USUAL: Sent = { rawHeaders: ['Host', 'localhost', 'Accept', '*/*'], httpVersion: '1.1', url: '/' }

/** One connection, as the judge sees it. */
function connection(options: LocalityOptions, peer = SAME_USER) {
  const server = { address: () => null, maxHeadersCount: null as number | null }
  const ends = { remoteAddress: '127.0.0.1', remotePort: 40_000, localAddress: '127.0.0.1', localPort: 80 }
  const socket = { ...ends, server, destroyed: false } as unknown as Socket
  const memory = new TaintMemory()
  let everybody = false
  let asked = 0
  const lookup = {
    name: 'fixed',
    lookup: () => {
      asked += 1
      return Promise.resolve(peer)
    },
    close: () => Promise.resolve(),
  }
  const judge = localityJudge(localityPolicy(options), lookup, { memory, isTainted: () => everybody })
  const request = (sent: Sent): JudgedRequest => ({ ...sent, socket })
  return {
    judge,
    request,
    asked: () => asked,
    change: (step: Exclude<Step, { kind: 'request' }>): void => {
      if (step.kind === 'limit') server.maxHeadersCount = step.to
      else if (step.kind === 'mark') mark(server as unknown as Server, step.as)
      else if (step.what === 'everybody') everybody = !everybody
      else if (step.what === 'connection') memory.taintConnection(socket)
      else memory.taintProcesses(SAME_USER)
    },
  }
}

function mark(server: Server, as: 'public' | 'local' | 'private'): void {
  if (as === 'private') markPrivate(server)
  else markIngress(server, as)
}

const field = fc.tuple(
  fc.constantFrom('Host', ':authority', 'Accept', 'Cookie', 'Connection', 'Origin', 'Sec-Fetch-Site', 'X-Forwarded-For', 'X_Forwarded_For', 'X-Forwarded-Proto', 'Forwarded', 'Via', 'X-Real-IP'),
  fc.constantFrom('localhost', '127.0.0.1', 'example.org', 'home.example', '', 'keep-alive', 'Host', 'null', 'http://localhost', 'https://app.example', 'none', 'cross-site', 'https', '203.0.113.7', '10.0.0.2'),
) // prettier-ignore
const rawHeaders = fc
  .tuple(
    fc.constantFrom('localhost', '127.0.0.1:80', 'example.org'),
    fc.array(field, { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([host, fields, cut]) => ['Host', host, ...fields.flat(), ...(cut ? ['Accept'] : [])])
const httpVersion = fc.constantFrom('1.1', '2.0')
const url = fc.constantFrom('/', '/a?b', '*', 'http://localhost/', 'http://example.org/', 'localhost')
const sent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(USUAL) },
  { weight: 1, arbitrary: fc.constant({ ...USUAL, rawHeaders: USUAL.rawHeaders.with(3, 'text/html') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      rawHeaders: fc.constant<string[]>([':authority', 'localhost']),
      httpVersion,
      url,
    }),
  },
  { weight: 1, arbitrary: fc.record({ rawHeaders: fc.constant(USUAL.rawHeaders), httpVersion, url }) },
  { weight: 3, arbitrary: fc.record({ rawHeaders, httpVersion, url }) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('request' as const), sent }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('mark' as const), as: fc.constantFrom('public' as const, 'local' as const, 'private' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), to: fc.constantFrom(null, 0, 2, 3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('taint' as const), what: fc.constantFrom('connection' as const, 'process' as const, 'everybody' as const) }) },
) // prettier-ignore

describe('a request that repeats the last one of its connection', () => {
  it('gets the verdict that it would get by itself, whatever happened in between', async () => {
    let repeated = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...POLICIES),
        fc.constantFrom<PeerEvidence>(SAME_USER, { status: 'outbound', process: 'x' }),
        fc.array(step, { minLength: 2, maxLength: 12 }),
        async (options, peer, steps) => {
          const { judge, request, change } = connection(options, peer)
          const known = new Set<object>()
          for (const step of steps) {
            if (step.kind !== 'request') {
              change(step)
              continue
            }
            const examined = await judge.examine(request(step.sent))
            if (known.has(examined)) repeated += 1
            known.add(examined)
            const verdict = await judge.judge(request(step.sent))
            expect(examined).toEqual({ verdict, origin: judge.originOf(request(step.sent)) })
          }
        },
      ),
      { numRuns: 2500 },
    )
    // Or nothing would have been shown.
    expect(repeated).toBeGreaterThan(500)
  })

  it('is judged anew once the kernel was asked anew', async () => {
    const answers: PeerEvidence[] = [SAME_USER, { status: 'relay', process: 'socat' }]
    const { request } = connection({})
    const lookup = { name: 'changing', lookup: () => Promise.resolve(answers.shift() ?? SAME_USER), close: () => Promise.resolve() } // prettier-ignore
    const judge = localityJudge(localityPolicy({}), lookup, { memory: new TaintMemory() })
    for (let i = 0; i < 3; i += 1) expect((await judge.examine(request(USUAL))).verdict.isLocal).toBe(true)
    expect((await judge.judge(request(USUAL), { fresh: true })).reason).toBe('peer-relay')
    expect((await judge.examine(request(USUAL))).verdict.reason).toBe('peer-relay')
  })

  it('cannot be given what an app wrote into an earlier one', async () => {
    const { judge, request } = connection({})
    const first = request({ ...USUAL, rawHeaders: [...USUAL.rawHeaders] })
    await judge.examine(first)
    await judge.examine(first)
    first.rawHeaders.push('X-Forwarded-For', '203.0.113.7')
    const { verdict } = await judge.examine(request({ ...USUAL, rawHeaders: [...first.rawHeaders] }))
    expect(verdict.reason).toBe('forwarding-untrusted')
    const again = await judge.examine(request(USUAL))
    expect(() => (again.verdict.trace as unknown[]).push('mine')).toThrow(TypeError)
  })

  it('is seen again when it speaks for others: what it comes from may not have been looked at', async () => {
    jest.useFakeTimers()
    try {
      const memory = new TaintMemory()
      const peers = new Map([1, 2].map((port) => [port, { status: 'same-user' as const, holders: [{ pid: port, startTime: '1' }] }])) // prettier-ignore
      const lookup = { name: 'by port', lookup: ({ remotePort }: Connection) => Promise.resolve(peers.get(remotePort) ?? SAME_USER), close: () => Promise.resolve() } // prettier-ignore
      const judge = localityJudge(localityPolicy({}), lookup, { memory })
      const forwarded = { ...USUAL, rawHeaders: [...USUAL.rawHeaders, 'X-Forwarded-For', '203.0.113.7'] }
      const from = (remotePort: number): JudgedRequest => {
        const { socket } = connection({}).request(USUAL)
        return { ...forwarded, socket: Object.assign(socket, { remotePort }) }
      }
      const [first, second] = [from(1), from(2)]
      for (const request of [first, second, second]) await judge.examine(request)
      const isKnown = (port: number): boolean => memory.isTainted({}, peers.get(port) ?? SAME_USER)
      expect([isKnown(1), isKnown(2)]).toEqual([true, false])
      await jest.advanceTimersByTimeAsync(1000)
      await judge.examine(second)
      await jest.advanceTimersByTimeAsync(0)
      expect(isKnown(2)).toBe(true)
    } finally {
      jest.useRealTimers()
    }
  })

  it('is forgotten with its connection', async () => {
    const { judge, request, asked } = connection({})
    for (let i = 0; i < 3; i += 1) await judge.examine(request(USUAL))
    expect(asked()).toBe(1)
    judge.forget(request(USUAL))
    await judge.examine(request(USUAL))
    expect(asked()).toBe(2)
  })
})
