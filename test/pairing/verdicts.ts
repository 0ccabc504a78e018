import type { LocalityVerdict } from '../../lib/locality/index.ts'

/** A client that may be paired silently. */
export const localVerdict: LocalityVerdict = {
  isLocal: true,
  kind: 'direct',
  assurance: 'same-user',
  clientAddress: '127.0.0.1',
  reason: 'local',
  trace: [],
  silent: true,
}

/** A client behind a proxy. */
export const remoteVerdict: LocalityVerdict = {
  isLocal: false,
  kind: 'remote',
  assurance: 'none',
  clientAddress: '203.0.113.7',
  reason: 'hop-untrusted',
  trace: [],
  silent: false,
  advice: 'It needs the approval of the owner.',
}
