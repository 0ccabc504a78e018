import { isRecord } from '../protocol/frames.ts'

/** 32 bytes, base64url. */
export const BYTES_32 = /^[A-Za-z0-9_-]{43}$/

/** What a client uses of a challenge, once its form was checked. */
export type ReadChallenge = {
  readonly nonce: string
  readonly ts: number
  /** `null` when the gateway makes no verification codes. */
  readonly offer: { readonly gatewayId: string; readonly commitment: string } | null
}

/** `null` for what is no challenge. A gateway's word for the time is signed, so that clocks may differ. */
export function readChallenge(payload: unknown): ReadChallenge | null {
  if (!isRecord(payload)) return null
  const { nonce, ts, gatewayId, verification } = payload
  // It stands in the signed text, between bars.
  if (typeof nonce !== 'string' || !/^[\x21-\x7b\x7d\x7e]{1,256}$/.test(nonce)) return null
  const commitment = isRecord(verification) ? verification.commitment : undefined
  const isOffered =
    typeof gatewayId === 'string' &&
    /^[\x20-\x7e]{1,128}$/.test(gatewayId) &&
    typeof commitment === 'string' &&
    BYTES_32.test(commitment)
  return {
    nonce,
    ts: typeof ts === 'number' && Number.isSafeInteger(ts) && ts >= 0 ? ts : Date.now(),
    offer: isOffered ? { gatewayId, commitment } : null,
  }
}
