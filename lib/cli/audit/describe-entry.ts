import { duration, fingerprint, printable } from '../printable.ts'
import { detailsOf, type AuditRecord, type Details } from './audit-record.ts'

/** One entry as two lines at most: when, who, what and about which device; then why. Fit for a terminal. */
export function describeEntry(record: AuditRecord): string {
  const details = detailsOf(record)
  const isItself = record.actor === record.deviceId
  const who = isItself ? device(record, details) : actor(record.actor)
  const head = `${String(record.seq).padStart(5)}  ${time(record.atMs)}  ${who} ${what(record, details)}.`
  const why = reasons(details)
  return why === '' ? head : `${head}\n       ${why}`
}

type Sentence = (who: string, details: Details) => string

const SENTENCES: Readonly<Record<string, Sentence>> = {
  'request-filed': (_who, details) => `asks for ${asks(details.asks)}`,
  'request-superseded': (who) => `took back the request of ${who}, which asks for more now`,
  'request-expired': (who) => `let the request of ${who} expire`,
  'request-approved': (who, details) =>
    `approved ${who} for ${asks(details.granted)}${until(details)}${code(details)}${first(details)}`,
  'request-half-approved': (who, details) =>
    `approved ${who} for ${asks(details.granted)}${code(details)}, which takes another approver`,
  'request-rejected': (who, details) => `rejected ${who}${said(details.said)}`,
  'request-code-wrong': (who, { attemptsLeft }) =>
    `typed a wrong code for ${who}${attemptsLeft === 0 ? ', so its request was rejected' : ''}`,
  'requests-not-recorded': (_who, { count }) => `left out ${text(count)} entries that strangers caused within an hour`,
  'silent-grant': (who, details) => `paired ${who} silently as ${ask(details)}`,
  'silent-grants-undone': (_who, { grants, deviceCount, sinceMs }) =>
    `took back ${text(grants)} silent grants of ${text(deviceCount)} devices, given since ${time(sinceMs)}`,
  'device-removed': (who, details) => `removed ${who}, which held ${asks(details.held)}`,
  'device-renamed': (who, { label, before }) => `named ${who} ${quoted(label)}${typeof before === 'string' ? `, before ${quoted(before)}` : ''}`,
  'device-ignored': (who) => `ignores ${who} from now on`,
  'device-unignored': (who) => `hears of ${who} again`,
  'token-rotated': (who, details) => `replaced the token of ${who} as ${ask(details)}${details.isReduced === true ? ', which is less than before' : ''}`,
  'token-revoked': (who, details) => `revoked the token of ${who} as ${ask(details)}`,
  'token-reused': (who, details) => `saw an old token of ${who} again, from ${text(details.fromNetwork)}, and took the role ${text(details.role)} from it`,
  'invite-made': (_who, details) => `made the invitation ${text(details.id)} for ${asks(details.asks)}${typeof details.label === 'string' ? `, ${quoted(details.label)}` : ''}`,
  'invite-used': (_who, details) => `used the invitation ${text(details.inviteId)} of ${actor(details.createdBy)} and got ${asks(details.asks)}`,
  'invite-revoked': (_who, details) => `took back the invitation ${text(details.id)}`,
  'taint-changed': (_who, { taint }) => (isDetails(taint) ? `tainted the gateway: ${text(taint.why)}` : 'cleared the taint of the gateway'),
  'window-opened': (_who, { durationMs }) => (durationMs === 0 ? 'closed the pairing window' : `opened the pairing window for ${duration(Number(durationMs))}`),
  'audit-accepted': (_who, details) => `accepted the log, although it was found ${text(details.doubt)}`,
} // prettier-ignore

function what(record: AuditRecord, details: Details): string {
  const { kind } = record
  const sentence = Object.hasOwn(SENTENCES, kind) ? SENTENCES[kind] : undefined
  const subject = device(record, details)
  return sentence === undefined ? `recorded ${printable(kind)} of ${subject}` : sentence(subject, details)
}

/** By its key, and by what it calls itself: anybody can say the same. */
function device({ kind, deviceId }: AuditRecord, { displayName, label }: Details): string {
  if (deviceId === null) return 'a device'
  const name = kind === 'device-renamed' ? null : (label ?? displayName)
  const shown = typeof name === 'string' && name !== '' ? ` ${quoted(name)}` : ''
  return key(deviceId) + shown
}

/** The verdict on where the client was, and the rule that decided. */
function reasons({ reason, locality, assurance, from, trace }: Details): string {
  const failed = Array.isArray(trace) ? (trace as unknown[]).filter(isDetails).find((entry) => entry.outcome === 'fail') : undefined
  const parts = [
    typeof reason === 'string' ? text(reason) : '',
    typeof from === 'string' ? `from ${text(from)}` : '',
    typeof locality === 'string' ? `locality: ${text(locality)}${typeof assurance === 'string' ? ` (${text(assurance)})` : ''}` : '',
    failed === undefined ? '' : `saw ${text(failed.saw)}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `because ${parts.join(', ')}`
} // prettier-ignore

function time(atMs: unknown): string {
  const date = new Date(typeof atMs === 'number' ? atMs : Number.NaN)
  return Number.isNaN(date.getTime()) ? 'at an unknown time' : date.toISOString().replace('T', ' ').replace(/\.\d+Z$/, 'Z') // prettier-ignore
}

function actor(id: unknown): string {
  if (typeof id !== 'string') return 'somebody'
  if (/^[0-9a-f]{64}$/.test(id)) return key(id)
  return ACTORS.get(id) ?? printable(id)
}

const ACTORS: ReadonlyMap<string, string> = new Map([
  ['gateway', 'the gateway'],
  ['host', 'the host program'],
  ['policy', "the app's rule"],
  ['shared-secret', 'a client with the shared secret'],
])

function key(deviceId: string): string {
  return `key ${fingerprint(deviceId)}`
}

function asks(list: unknown): string {
  const all = Array.isArray(list) ? (list as unknown[]).filter(isDetails).map(ask) : []
  return all.length === 0 ? 'nothing' : all.join(' and ')
}

function ask({ role, scopes }: Details): string {
  const list = Array.isArray(scopes) ? (scopes as unknown[]).map(text).join(', ') : ''
  return `${text(role)} with ${list === '' ? 'no further scopes' : list}`
}

function until({ expiresInMs }: Details): string {
  return typeof expiresInMs === 'number' ? `, for ${duration(expiresInMs)}` : ''
}

function code({ codeTyped, withoutCode }: Details): string {
  if (codeTyped === true) return ', with the code typed'
  return withoutCode === true ? ', on its word that the device shows no code' : ''
}

function first(details: Details): string {
  return typeof details.first === 'string' ? `, after ${actor(details.first)}` : ''
}

function said(reason: unknown): string {
  return typeof reason === 'string' ? `: ${text(reason)}` : ''
}

function quoted(value: unknown): string {
  return `"${text(value)}"`
}

function text(value: unknown): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value ?? null))
}

function isDetails(value: unknown): value is Details {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
