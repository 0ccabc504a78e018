import { createHash } from 'node:crypto'

/** What a run has made and seen. */
export type TokenLife = {
  /** What each secret is → its text. */
  readonly secrets: Readonly<Record<string, string>>
  /** What a thief tried → how it was refused. */
  readonly thief: Readonly<Record<string, string>>
}

/** The forms in which a secret could lie in a file. */
export function formsOf(secret: string): readonly Buffer[] {
  const raw = Buffer.from(secret, 'base64url')
  const forms = [Buffer.from(secret), Buffer.from(secret, 'utf16le')]
  for (const bytes of [Buffer.from(secret), raw])
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      forms.push(Buffer.from(bytes.toString(encoding).replace(/=+$/, '')))
  return raw.length >= 16 ? [...forms, raw] : forms
}

/** Every piece of text that could be a token and has one of these hashes. */
export function tokensIn(dump: Buffer, hashes: ReadonlySet<string>): string[] {
  const found: string[] = []
  for (const [run] of dump.toString('latin1').matchAll(/[A-Za-z0-9_-]{43,}/g)) {
    for (let at = 0; at + 43 <= run.length; at += 1) {
      const piece = run.slice(at, at + 43)
      if (hashes.has(createHash('sha256').update(piece).digest('hex'))) found.push(piece)
    }
  }
  return found
}
