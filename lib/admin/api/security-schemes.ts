/** How callers say who they are, as OpenAPI describes it. */
export const SECURITY_SCHEMES = {
  device: {
    type: 'http',
    scheme: 'DPoP',
    description:
      'A paired device: `Authorization: DPoP <device token>`, and a `DPoP` header with a proof (RFC 9449, EdDSA) ' +
      'that is signed by the key of the device.',
  },
  sharedToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'A client on this machine, where the gateway has `auth.mode: token`: its token.',
  },
  sharedPassword: {
    type: 'http',
    scheme: 'basic',
    description:
      'A client on this machine, where the gateway has `auth.mode: password`: any user, its password.',
  },
} as const

/** The last: a client on this machine, where the gateway has no shared secret. */
export const SECURITY = [{ device: [] }, { sharedToken: [] }, { sharedPassword: [] }, {}] as const
