import '../require-node.ts'

export { decideLocality } from './decide-locality.ts'
export { localityPolicy } from './policy.ts'
export type { LocalityOptions, LocalityPolicy } from './policy.ts'
export type {
  Assurance,
  LocalityReason,
  LocalityVerdict,
  PeerEvidence,
  RequestFacts,
  TraceEntry,
} from './verdict.ts'
