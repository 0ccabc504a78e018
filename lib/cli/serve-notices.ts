import { readFileSync } from 'node:fs'
import type { GatewayOptions } from '../admin/index.ts'
import { LatchkeyError } from '../errors.ts'

type NoticeOptions = NonNullable<GatewayOptions['notices']>

export type NoticeFlags = {
  readonly notifyUrl?: string
  readonly notifySecretFile?: string
  readonly notifyCommand?: string
}

/**
 * The notices of the flags, over those of the configuration file. The secret of the webhook is never a flag: whoever
 * lists processes sees those.
 *
 * @throws {LatchkeyError} OPTION_INVALID for a URL without a secret, a file that cannot be read
 */
export function noticesOf(
  { notifyUrl, notifySecretFile, notifyCommand }: NoticeFlags,
  configured: NoticeOptions | undefined,
  secretOfEnvironment = process.env.LATCHKEY_NOTIFY_SECRET ?? '',
): NoticeOptions | undefined {
  if (notifyUrl === undefined && notifySecretFile !== undefined)
    throw new LatchkeyError('OPTION_INVALID', '--notify-secret-file: it signs what --notify-url gets; name that too')
  if (notifyUrl === undefined && notifyCommand === undefined) return configured
  return {
    ...configured,
    ...(notifyUrl === undefined
      ? {}
      : { webhook: { url: notifyUrl, secret: secretOf(notifySecretFile, secretOfEnvironment) } }),
    ...(notifyCommand === undefined ? {} : { command: [notifyCommand] }),
  }
} // prettier-ignore

function secretOf(file: string | undefined, ofEnvironment: string): string {
  if (file === undefined && ofEnvironment === '')
    throw new LatchkeyError(
      'OPTION_INVALID',
      '--notify-url: expected the secret that signs the notices, base64 of at least 24 bytes, in LATCHKEY_NOTIFY_SECRET or --notify-secret-file',
    )
  if (file === undefined) return ofEnvironment
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code = 'unknown' } = error as { readonly code?: string }
    throw new LatchkeyError('OPTION_INVALID', `--notify-secret-file: ${file} cannot be read: ${code}`, {
      cause: error,
    })
  }
}
