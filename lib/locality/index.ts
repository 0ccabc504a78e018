export { addressPrefix, isLoopbackAddress } from './address.ts'
export { decideLocality, originOf } from './decide-locality.ts'
export { LOCALITY_OPTION_NAMES, localityPolicy } from './policy.ts'
export type { LocalityOptions, LocalityPolicy } from './policy.ts'
export type { OriginStanding } from './origin.ts'
export type {
  Assurance,
  LocalityReason,
  LocalityVerdict,
  PeerEvidence,
  RequestFacts,
  TraceEntry,
} from './verdict.ts'
