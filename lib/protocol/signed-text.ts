/** What a device signs to prove that it holds its key, on this connection, for this role and these scopes. */
export type SignedClaims = {
  readonly deviceId: string
  readonly clientId: string
  readonly clientMode: string
  readonly role: string
  /** In the order sent. */
  readonly scopes: readonly string[]
  readonly signedAtMs: number
  /** The token that goes along, or the empty string. */
  readonly token: string
  /** Of the challenge. */
  readonly nonce: string
  readonly platform: string
  readonly deviceFamily: string
}

/** Version 2: fields joined by `|`, scopes by `,`. */
export function signedTextV2(claims: SignedClaims): string {
  const { deviceId, clientId, clientMode, role, scopes, signedAtMs, token, nonce } = claims
  return [
    'v2',
    deviceId,
    clientId,
    clientMode,
    role,
    scopes.join(','),
    String(signedAtMs),
    token,
    nonce,
  ].join('|')
}

/** Version 3: version 2 with platform and device family, trimmed and ASCII-lower-cased. */
export function signedTextV3(claims: SignedClaims): string {
  const tail = [normalize(claims.platform), normalize(claims.deviceFamily)]
  return ['v3', signedTextV2(claims).slice('v2|'.length), ...tail].join('|')
}

function normalize(text: string): string {
  return text.trim().replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}
