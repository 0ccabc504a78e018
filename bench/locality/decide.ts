// decideLocality against compiled proxy-addr on the same requests.
import proxyAddr from 'proxy-addr'
import { decideLocality, localityPolicy } from '../../lib/locality/index.ts'
import { interleave } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'
import { directLocal, directRemote, throughProxies, type BenchRequest } from './requests.ts'

const TRUST = ['loopback', '10.0.0.0/8']
const CASES: readonly { what: string; requests: readonly BenchRequest[]; aim?: number }[] = [
  { what: 'direct remote client', requests: directRemote() },
  { what: 'direct local client, its connection known', requests: directLocal() },
  { what: 'one trusted hop', requests: throughProxies(1), aim: 1 },
  { what: 'three trusted hops', requests: throughProxies(3), aim: 1 },
]

export async function benchDecide({ rounds = 31, times = 40_000 } = {}): Promise<Result[]> {
  const compiled = proxyAddr.compile(TRUST)
  const policy = localityPolicy({ trustProxy: TRUST })
  const results: Result[] = []
  for (const { what, requests, aim } of CASES) {
    check(requests)
    let kept: unknown
    const [base, ours] = await interleave(
      [
        {
          name: 'proxy-addr',
          run: (count) => {
            for (let i = 0; i < count; i += 1)
              kept = proxyAddr((requests[i & 4095] as BenchRequest).req as never, compiled)
          },
        },
        {
          name: 'decideLocality',
          run: (count) => {
            for (let i = 0; i < count; i += 1)
              kept = decideLocality(policy, (requests[i & 4095] as BenchRequest).facts)
          },
        },
      ],
      { rounds, times },
    )
    if (kept === undefined) throw new Error('nothing was measured')
    const line = {
      group: 'Locality of one request',
      what: `decideLocality, ${what}`,
      against: 'compiled proxy-addr',
    }
    results.push(resultOf({ ...line, aim }, base, ours))
  }
  return results

  /** Both must name the same client, or they would not be doing the same work. */
  function check(requests: readonly BenchRequest[]): void {
    for (const { facts, req } of requests) {
      const [ours, theirs] = [decideLocality(policy, facts).clientAddress, proxyAddr(req as never, compiled)]
      if (ours !== theirs) throw new Error(`proxy-addr says ${theirs}, decideLocality says ${ours}`)
    }
  }
}
