import { listed } from './names-in-text.ts'

/** An entry of the audit log, as the gateway sends it. */
export type AuditEntry = {
  readonly seq: number
  readonly atMs: number
  readonly kind: string
  readonly actor: string
  readonly deviceId: string | null
  /** JSON. */
  readonly details: string
}

type Details = Readonly<Record<string, unknown>>

/** What was done, after the name of whoever did it. `{}` stands for the device that it is about. */
const DONE: Readonly<Record<string, string>> = {
  'request-filed': 'asked to be let in',
  'request-superseded': 'asked for more than before',
  'request-expired': 'let the request of {} expire',
  'request-approved': 'approved {}',
  'request-half-approved': 'approved {}, which takes another owner',
  'request-rejected': 'rejected {}',
  'request-code-wrong': 'typed a wrong code for {}',
  'requests-not-recorded': 'left out entries that strangers caused',
  'silent-grant': 'let {} in silently',
  'silent-grants-undone': 'took back what was given silently',
  'device-removed': 'removed {}',
  'device-renamed': 'renamed {}',
  'device-ignored': 'ignores {}',
  'device-unignored': 'hears {} again',
  'token-rotated': 'replaced the token of {}',
  'token-revoked': 'revoked the token of {}',
  'token-reused': 'saw an old token of {} again and took its role away',
  'invite-made': 'made an invitation',
  'invite-used': 'used an invitation',
  'invite-revoked': 'took an invitation back',
  'taint-changed': 'changed the warning about visitors that look local',
  'window-opened': 'opened or closed the window for silent pairing',
  'audit-accepted': 'accepted the log as it was found',
}

/** A sentence in parts: who, what they did, what for. `what` has `{}` where the device stands that it is about. */
export function auditSentence(entry: AuditEntry): {
  readonly what: string
  readonly gives: string
  readonly name: unknown
} {
  const details = detailsOf(entry)
  const what = Object.hasOwn(DONE, entry.kind) ? (DONE[entry.kind] ?? '') : `recorded ${entry.kind} of {}`
  return { what, gives: givesText(details), name: details.label ?? details.displayName }
}

function detailsOf({ details }: AuditEntry): Details {
  try {
    const value: unknown = JSON.parse(details)
    return typeof value === 'object' && value !== null ? (value as Details) : {}
  } catch {
    return {}
  }
}

/** The scopes, or the roles without any, that a decision is about. */
function givesText({ granted, asks, role, scopes }: Details): string {
  const all = [granted, asks].find(Array.isArray) ?? (typeof role === 'string' ? [{ role, scopes }] : [])
  const names = (all as Details[]).flatMap((ask) => {
    const given = Array.isArray(ask.scopes) ? ask.scopes.map(String) : []
    return given.length === 0 ? [String(ask.role)] : given
  })
  return listed([...new Set(names)])
}
