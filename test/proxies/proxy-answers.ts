import type { ConnectResult, ProbeResult } from './probes.ts'
import type { Configuration, RunName } from './proxy-catalogue.ts'
import type { ProxyVariant } from './proxy-variants.ts'

/** A flood got no further than to some limit. */
export const TOO_MANY = 'too many fields'

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** `silent`, `local`, the reason of a refusal, or that the flood got no further than to some limit. */
export function reasonOf({ verdict, connect, failure = 'no answer' }: ProbeResult): string {
  if (connect?.isPaired === true || verdict?.silent === true) return 'silent'
  const reason = verdict?.reason ?? connect?.localityReason ?? connect?.code
  if (reason === 'headers-truncated') return TOO_MANY
  if (reason !== undefined) return reason
  // Which limit, and with which status, depends on the versions of Node and of the proxies.
  return /^Error: (?:HTTP|Unexpected server response:) (?:400|431)\b/.test(failure) ? TOO_MANY : failure
}

/** With which rule 9 refuses a proxy of which headers say nothing. */
export function refusalOf({ program }: Configuration, run: RunName): string {
  if (run === 'package') return 'peer-other-user'
  return program === 'ssh -R' && run === 'renamed' ? 'peer-outbound' : 'peer-relay'
}

/** A look-up that the kernel did not answer would refuse everybody and prove nothing. */
export function problems(variant: ProxyVariant, result: ProbeResult): string[] {
  const { name, verdict, connect } = result
  const reason = reasonOf(result)
  const problem = [`${name}: ${reason}`]
  if (reason === TOO_MANY) return variant.column === 'flood' ? [] : problem
  if (reason === 'silent' || reason === 'local' || reason === 'peer-unproven') return problem
  if (verdict !== undefined) return verdict.isLocal || verdict.silent ? problem : []
  return connect !== undefined && isProperRefusal(connect) ? [] : problem
}

function isProperRefusal(connect: ConnectResult): boolean {
  if (connect.isPaired) return false
  const { code, requestId = '', closeCode, closeReason = '' } = connect
  return (
    code === 'NOT_PAIRED' &&
    REQUEST_ID.test(requestId) &&
    closeCode === 1008 &&
    closeReason.startsWith('pairing required')
  )
}
