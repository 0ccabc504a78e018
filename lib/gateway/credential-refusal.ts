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

/** What a client is told whose token, invitation or shared secret is not good. */
export function credentialRefusal(core: GatewayCore, outcome: Refused): ConnectRefusal {
  if (outcome.kind === 'unauthorized') return core.sharedSecret.missing()
  if (outcome.kind === 'invite-invalid') {
    return unauthorized('bootstrap token is unknown, used or over', {
      code: 'AUTH_BOOTSTRAP_TOKEN_INVALID',
      authReason: 'bootstrap_token_invalid',
      recommendedNextStep: 'update_auth_credentials',
    })
  }
  return unauthorized(TOKEN_WHY[outcome.standing], {
    code: 'AUTH_DEVICE_TOKEN_MISMATCH',
    authReason: outcome.standing === 'unknown' ? 'device_token_mismatch' : `device_token_${outcome.standing}`,
    canRetryWithDeviceToken: false,
    recommendedNextStep: 'update_auth_credentials',
  })
}

export function unauthorized(why: string, details: object): ConnectRefusal {
  const message = `unauthorized: ${why}`
  const error = { code: 'INVALID_REQUEST', message, details }
  return { kind: 'refuse', error, closeCode: CLOSE.policy, closeReason: message }
}
