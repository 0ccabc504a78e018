export type Failure = {
  readonly kind: 'unavailable' | 'corrupt'
  readonly found: string
  /** It may work later without a new start. */
  readonly isRetryable: boolean
}

const later = (found: string): Failure => ({ kind: 'unavailable', found, isRetryable: true })
const never = (found: string): Failure => ({ kind: 'unavailable', found, isRetryable: false })
const corrupt = (found: string): Failure => ({ kind: 'corrupt', found, isRetryable: false })

const TLS = 'the certificate of the server was not accepted; name its authority with ssl.ca (or sslrootcert)'

const STANDBY = later('the server is read-only: a standby, or one that has become it')

/** Beginnings of SQLSTATEs and of Node's error codes, the longest that fits counts. */
const FAILURES: Readonly<Record<string, Failure>> = {
  '08': later('the connection failed'),
  '25': later('the session was ended'),
  '25006': STANDBY,
  '25P02': later('the transaction had failed before'),
  '25P03': later('this process stalled in mid-transaction, and the server ended it'),
  '28': never('the server does not let this user in: look at the user, the password and pg_hba.conf'),
  '3D000': never('there is no such database: create it, or name another'),
  '3F000': corrupt('its schema is missing'),
  '40': later('it was rolled back'),
  '40001': later('another transaction was in its way'),
  '40P01': later('two transactions waited for each other'),
  '42': corrupt('its tables are not as they should be'),
  '42501': never('this user may not use these tables, or may not make them: let their owner grant it'),
  '42P01': corrupt('a table is missing'),
  '53': later('the server is short of something'),
  '53100': later('its disk is full'),
  '53200': later('the server is out of memory'),
  '53300': later('the server takes no more connections'),
  '55P03': later('another process kept it locked for too long'),
  '57': later('the server interrupted it'),
  '57014': later('a statement took too long'),
  '57P01': later('the server is being stopped'),
  '57P02': later('the server has crashed'),
  '57P03': later('the server is starting or stopping'),
  '58': later('the server reported an error of its system'),
  '58P01': corrupt('a file of the server is missing'),
  XX001: corrupt('its data is damaged'),
  XX002: corrupt('an index is damaged'),
  ECONNREFUSED: later('no server answers there'),
  ENOENT: later('there is no such socket; is the server running?'),
  ENOTFOUND: later('there is no host of that name'),
  EAI_AGAIN: later('the name of the host cannot be looked up'),
  ETIMEDOUT: later('the server did not answer in time'),
  EACCES: never('this user may not use that socket'),
  DEPTH_ZERO_SELF_SIGNED_CERT: never(TLS),
  SELF_SIGNED_CERT_IN_CHAIN: never(TLS),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: never(TLS),
  UNABLE_TO_GET_ISSUER_CERT: never(TLS),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: never(TLS),
  CERT_: never('the certificate of the server is not valid'),
  ERR_TLS_CERT_ALTNAME_INVALID: never('the certificate of the server is for another name'),
  ERR_SSL: never('TLS failed'),
}

/** What a failure means. Whatever is not known counts as one that may pass. */
export function failureOf(code: string, message: string): Failure {
  // What may not be done on a standby has a code for each thing.
  if (/during recovery|recovery is in progress/.test(message)) return STANDBY
  for (let length = code.length; length >= 2; length -= 1) {
    const known = FAILURES[code.slice(0, length)]
    if (known !== undefined) return known
  }
  if (/does not support SSL/.test(message)) return never('the server does not speak TLS')
  if (/password must be a string|no password supplied/i.test(message)) return never('the password is missing')
  if (/timeout/i.test(message)) return later('the server, or a free connection, did not come in time')
  return later('the connection failed')
}
