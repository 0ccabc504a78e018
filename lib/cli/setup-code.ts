import { LatchkeyError } from '../errors.ts'

/** Where to connect, and the token of an invitation: what a device needs to pair without waiting. */
export type Setup = { readonly url: string; readonly bootstrapToken: string }

/** base64url of the JSON that clients of this protocol take. */
export function setupCode({ url, bootstrapToken }: Setup): string {
  return Buffer.from(JSON.stringify({ url, bootstrapToken }), 'utf8').toString('base64url')
}

/** @throws {LatchkeyError} INVALID_REQUEST */
export function readSetupCode(code: string): Setup {
  const text = Buffer.from(code.replaceAll(/\s/g, ''), 'base64url').toString('utf8')
  const { url, bootstrapToken } = parse(text)
  if (
    typeof url !== 'string' ||
    typeof bootstrapToken !== 'string' ||
    bootstrapToken === '' ||
    !isGatewayUrl(url)
  ) {
    throw new LatchkeyError(
      'INVALID_REQUEST',
      'this is no setup code: expected all of what `latchkey invite` prints after "Setup code"',
    )
  }
  return { url, bootstrapToken }
}

function parse(text: string): { readonly url?: unknown; readonly bootstrapToken?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function isGatewayUrl(url: string): boolean {
  return URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol)
}
