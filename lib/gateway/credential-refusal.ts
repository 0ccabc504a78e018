import type { ConnectOutcome, TokenStanding } from '../pairing/index.ts'
import { CLOSE } from '../protocol/index.ts'
import type { ConnectRefusal } from './decide-connect.ts'
import type { GatewayCore } from './gateway-core.ts'

type Refused = Extract<ConnectOutcome, { kind: 'token-mismatch' | 'unauthorized' | 'invite-invalid' }>

const TOKEN_WHY: Readonly<Record<TokenStanding, string>> = {
  unknown: 'device token mismatch',
  expired: 'device token has expired',
  revoked: 'device token was revoked',
  superseded: 'device token was replaced; every token of this device was revoked',
  current: 'device token mismatch',
  previous: 'device token mismatch',
}

/** What a client is told whose token or invitation is not good. */
export function credentialRefusal(outcome: Refused): ConnectRefusal {
  if (outcome.kind === 'invite-invalid') {
    const refusal = unauthorized('bootstrap token is unknown, used or over', {
      code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
      authReason: 'bootstrap_token_invalid',
      recommendedNextStep: 'update_auth_credentials',
    })
    return { ...refusal, failure: 'bootstrap-token' }
  }
  // Its pairing has gone since it was asked whether there is one.
  return tokenMismatch(outcome.kind === 'unauthorized' ? 'unknown' : outcome.standing)
}

export function tokenMismatch(standing: TokenStanding): ConnectRefusal {
  const refusal = unauthorized(TOKEN_WHY[standing], {
    code: 'AUTH_DEVICE_TOKEN_MISMATCH',
    authReason: standing === 'unknown' ? 'device_token_mismatch' : `device_token_${standing}`,
    canRetryWithDeviceToken: false,
    recommendedNextStep: 'update_auth_credentials',
  })
  return { ...refusal, failure: 'device-token' }
}

/** Says nothing about what was sent: it was not looked at. */
export function rateLimited({ metrics }: GatewayCore, waitMs: number): ConnectRefusal {
  metrics.countRateLimited()
  const retryAfterMs = Math.ceil(waitMs)
  const retry = { retryable: true, retryAfterMs }
  const refusal = unauthorized('too many failed authentication attempts; wait, then try again', {
    code: 'AUTH_RATE_LIMITED',
    authReason: 'rate_limited',
    recommendedNextStep: 'wait_then_retry',
    ...retry,
  })
  return { ...refusal, error: { ...refusal.error, ...retry } }
}

export function unauthorized(why: string, details: object): ConnectRefusal {
  const message = `unauthorized: ${why}`
  const error = { code: 'INVALID_REQUEST', message, details }
  return { kind: 'refuse', error, closeCode: CLOSE.policy, closeReason: message }
}
