import { LatchkeyError, type ErrorDetails, type LatchkeyErrorCode } from '../errors.ts'
import { CLOSE } from '../protocol/close-codes.ts'
import { readRetryAfterMs } from './client-errors.ts'
import { PairingRequiredError, readNames, seconds } from './pairing-required-error.ts'
import { plainLine } from './plain-line.ts'

type Advice = (details: ErrorDetails) => string

const NEW_KEY = 'Move the identity file away for a new key, which the owner then has to approve.'

/** By the code in `details`, which says more than that of the error. */
const BY_DETAIL: Readonly<Record<string, Advice>> = {
  DEVICE_IDENTITY_REQUIRED: () =>
    'This gateway lets nobody in without a device: pass identity, such as loadDeviceIdentity(file).',
  DEVICE_AUTH_SIGNATURE_EXPIRED: () =>
    "The clocks of this machine and of the gateway's differ by more than two minutes: set them right.",
  DEVICE_AUTH_DEVICE_ID_MISMATCH: () => `The device id is not that of the key. ${NEW_KEY}`,
  DEVICE_AUTH_NONCE_REQUIRED: () =>
    'The signature lacks the challenge: something in between changes the messages.',
  DEVICE_AUTH_NONCE_MISMATCH: () =>
    'The signature is for another connection: something in between changes the messages, or answers for the gateway.',
  DEVICE_AUTH_PUBLIC_KEY_INVALID: () => `The key is not a safe Ed25519 key. ${NEW_KEY}`,
  DEVICE_AUTH_SIGNATURE_INVALID: () =>
    `The signature is not that of the key, or something in between changes the messages. ${NEW_KEY}`,
  AUTH_TOKEN_MISSING: () =>
    "Pass the gateway's shared token: auth.token, or LATCHKEY_TOKEN for the command line.",
  AUTH_TOKEN_MISMATCH: () =>
    "The shared token is not the gateway's: correct auth.token, or LATCHKEY_TOKEN for the command line.",
  AUTH_PASSWORD_MISSING: () =>
    "Pass the gateway's password: auth.password, or LATCHKEY_PASSWORD for the command line.",
  AUTH_PASSWORD_MISMATCH: () =>
    "The password is not the gateway's: correct auth.password, or LATCHKEY_PASSWORD for the command line.",
  AUTH_DEVICE_TOKEN_MISMATCH: () =>
    'The device token was rotated or revoked: leave deviceToken out, the key alone is enough.',
  AUTH_BOOTSTRAP_TOKEN_INVALID: () =>
    'The bootstrap token is used up or too old: ask the owner for a new one.',
  AUTH_SCOPE_MISMATCH: () =>
    'The token does not carry the scopes that were asked for: ask for fewer, or leave the token out.',
  MISSING_SCOPE: ({ missingScope }) =>
    typeof missingScope === 'string'
      ? `Connect with the scope ${plainLine(missingScope, 64)}; from elsewhere the owner then has to approve it.`
      : 'Connect with the scope that the method needs.',
  PROTOCOL_MISMATCH: ({ expectedProtocol }) =>
    `The gateway speaks protocol ${typeof expectedProtocol === 'number' ? expectedProtocol : 'versions that this client does not know'}, this client 3 and 4: update the older one of the two.`,
  ROLE_UNKNOWN: () => "Ask for a role that the gateway has: operator and node, unless its option roles says otherwise.", // prettier-ignore
  SCOPE_INVALID: () => 'Write scopes as dotted names, such as operator.read.',
  NOT_FOUND: () => 'Look again: it may have been decided, removed or expired meanwhile.',
  NOT_THE_PROTOCOL: () =>
    'Something else answers there: is it the address of the gateway, with its path, such as /gateway?',
}

const BY_CODE: Partial<Readonly<Record<LatchkeyErrorCode, Advice>>> = {
  GATEWAY_UNREACHABLE: ({ status }) => unreachable(status),
  REFUSED: ({ status }) =>
    status === 403
      ? "If the page is yours, add its origin to the gateway's allowedOrigins. A program sends no Origin header at all."
      : 'The gateway gave no reason that this version knows: see its log.',
  NOT_PAIRED: () => 'Ask the owner of the gateway to approve this device: latchkey requests.',
  FORBIDDEN: () => 'This device has not the right to do this; the owner can grant it.',
  RATE_LIMITED: () => 'Too many attempts came from this address.',
  UNAVAILABLE: () => 'Something is wrong at the gateway: see its log.',
  TIMEOUT: () => 'The gateway is busy, or something in between holds the answer back.',
  CLOSED: ({ closeCode, closeReason }) => closed(closeCode, closeReason),
  IDENTITY_INVALID: () => 'Without its key a device is a new one, which the owner has to approve.',
  CRYPTO_UNAVAILABLE: () => 'Use https://, or http://localhost, and a browser of 2025 or later.',
}

/**
 * The lines that a person should read below the message of an error that this client throws: what to do about
 * it. Free of control characters, so fit for a terminal or a log; escape them for HTML as any other text. What
 * a gateway says in them is its own word.
 */
export function adviceOf(error: unknown): readonly string[] {
  if (!(error instanceof LatchkeyError)) return []
  if (error instanceof PairingRequiredError) {
    const { verificationCode: code, advice } = error
    return [
      ...(code === undefined
        ? []
        : [`Verification code ${code}: the owner sees the same one beside your request.`]),
      ...advice,
    ]
  }
  const { code, cause, details = {} } = error
  if (code === 'TIMEOUT' && cause instanceof LatchkeyError) return adviceOf(cause)
  if (code === 'REQUEST_SUPERSEDED') return superseded(details)
  const detail = typeof details.code === 'string' ? details.code : ''
  const advice = Object.hasOwn(BY_DETAIL, detail) ? BY_DETAIL[detail] : BY_CODE[code]
  const retryAfterMs = readRetryAfterMs(details.retryAfterMs)
  return [
    ...(advice === undefined ? [] : [advice(details)]),
    ...(retryAfterMs === undefined ? [] : [`Try again in ${seconds(retryAfterMs)}.`]),
  ]
}

function unreachable(status: unknown): string {
  if (typeof status !== 'number')
    return 'Start the gateway, or correct the address: latchkey doctor looks further.'
  if (status === 404) return 'A server answers, but has no gateway at this path; it is often /gateway.'
  if (status >= 500)
    return `A proxy answered HTTP ${status}: the gateway behind it does not run, or not there.`
  return `A server answered HTTP ${status} in place of a gateway: does a proxy lack the recipe for WebSockets?`
}

function superseded({ requestId, addedScopes }: ErrorDetails): readonly string[] {
  const id = typeof requestId === 'string' ? plainLine(requestId, 128) : 'unknown'
  return [`New request: ${id}; it adds: ${JSON.stringify(readNames(addedScopes))}`]
}

function closed(code: unknown, reason: unknown): string {
  if (code === CLOSE.restart || code === CLOSE.tryLater)
    return 'The gateway restarts or is busy: connect again in a moment.'
  if (code === CLOSE.authorityChanged)
    return 'The owner has taken away what this device could do: it has to be approved again.'
  if (code === CLOSE.tooBig) return 'A message was larger than the gateway takes.'
  if (code === CLOSE.policy && typeof reason === 'string' && /^pairing required/i.test(reason))
    return 'Ask the owner of the gateway to approve this device: latchkey requests.'
  return 'What was under way may have been carried out or not: look before you send it again.'
}
