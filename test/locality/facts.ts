import type { PeerEvidence, RequestFacts } from '../../lib/locality/index.ts'

export const OURS: PeerEvidence = { status: 'same-user', uid: 1000, process: 'curl' }

/** A plain request of a local tool, and what is different about it. */
export function facts(more: Partial<RequestFacts> = {}): RequestFacts {
  return {
    transport: 'tcp',
    remoteAddress: '127.0.0.1',
    localAddress: '127.0.0.1',
    httpVersion: '1.1',
    url: '/',
    rawHeaders: ['Host', 'localhost:3000'],
    peer: OURS,
    ...more,
  }
}

/** The same with these headers instead. */
export function withHeaders(headers: readonly string[], more: Partial<RequestFacts> = {}): RequestFacts {
  return facts({ rawHeaders: headers, ...more })
}
