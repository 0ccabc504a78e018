export { addressPrefix, isLoopbackAddress } from './address.ts'
export { decideLocality, decideReading, originOf } from './decide-locality.ts'
export { LOCALITY_OPTION_NAMES, localityPolicy } from './policy.ts'
export type { LocalityOptions, LocalityPolicy } from './policy.ts'
export type { OriginStanding } from './origin.ts'
export { originOfReading, readRequest } from './reading.ts'
export type { Reading } from './reading.ts'
export type {
  Assurance,
  LocalityReason,
  LocalityVerdict,
  PeerEvidence,
  RequestFacts,
  TraceEntry,
} from './verdict.ts'
