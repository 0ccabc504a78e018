import { expect, test } from '@jest/globals'
import { decideByHeaders, decideByPeer } from '../../lib/locality/decide-locality.ts'
import { localityPolicy, type PeerEvidence } from '../../lib/locality/index.ts'
import { needsKernel } from '../../lib/locality/peer-rules.ts'
import { readRequest } from '../../lib/locality/reading.ts'
import { facts, OURS } from './facts.ts'

const ANSWERS: readonly (PeerEvidence | undefined)[] = [
  OURS,
  { status: 'relay' },
  { status: 'unproven' },
  undefined,
]

test.each([
  [{}, 'tcp', false, true],
  [{ assurance: 'local-secret' }, 'tcp', false, true],
  [{ assurance: 'local-secret' }, 'tcp', true, false],
  [{}, 'tcp', true, false],
  [{}, 'private', false, false],
  [{ dangerouslyTrustHeaders: true }, 'tcp', false, false],
] as const)(
  '%j over %s, local secret proved: %j: the kernel is asked: %j',
  (options, transport, localSecret, isAsked) => {
    const reading = readRequest(localityPolicy(options), facts({ transport }))
    expect(needsKernel(reading, localSecret)).toBe(isAsked)
    const verdicts = ANSWERS.map((peer) => {
      const { trace, refusal } = decideByHeaders(reading, {})
      expect(refusal).toBeNull()
      return decideByPeer(reading, trace, {
        localSecret,
        tainted: false,
        ...(peer === undefined ? {} : { peer }),
      })
    })
    // Where it is not asked, its answer would change nothing.
    if (!isAsked) for (const verdict of verdicts) expect(verdict).toEqual(verdicts[0])
  },
)
