import { generateKeyPairSync, sign } from 'node:crypto'
import {
  auditHash,
  auditHeadText,
  NO_ENTRY_HASH,
  type AuditEntry,
  type AuditHead,
  type AuditSigner,
  type HeadMemory,
} from '../../lib/pairing/index.ts'

export const GATEWAY = '0b3b2a56-8a44-4f0e-9a0e-0d6d2a1f4a11'

/** A key as `lib/evidence` makes it, in memory. */
export function auditKey(): Pick<AuditSigner, 'publicKey' | 'sign'> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64url'),
  }
}

/** An unbroken chain of `length` entries. */
export function logOf(length: number): AuditEntry[] {
  const entries: AuditEntry[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    entries.push(
      sealed({
        seq,
        atMs: 1_700_000_000_000 + seq,
        kind: seq % 2 === 0 ? 'request-filed' : 'silent-grant',
        actor: seq % 3 === 0 ? 'gateway' : String(seq % 10).repeat(64),
        deviceId: seq % 5 === 0 ? null : String(seq % 7).repeat(64),
        details: JSON.stringify({ seq, name: 'Büro \u202e "x"' }),
        previousHash: entries.at(-1)?.hash ?? NO_ENTRY_HASH,
      }),
    )
  }
  return entries
}

export function sealed(content: Omit<AuditEntry, 'hash'>): AuditEntry {
  return { ...content, hash: auditHash(content) }
}

/** The head of the log that ends with this entry. */
export function headOf(
  key: Pick<AuditSigner, 'publicKey' | 'sign'>,
  entry: AuditEntry | undefined,
  gatewayId = GATEWAY,
): AuditHead {
  const { seq = 1, hash = NO_ENTRY_HASH, atMs = 0 } = entry ?? {}
  const signature = key.sign(auditHeadText(gatewayId, seq, hash, atMs))
  return { seq, hash, atMs, publicKey: key.publicKey, signature }
}

export type FakeMemory = HeadMemory & { head: AuditHead | null; next: AuditHead | null; kept: AuditHead[] }

/** What a file beside the key is in a gateway. */
export function headMemory(): FakeMemory {
  const memory: FakeMemory = {
    head: null,
    next: null,
    kept: [],
    latest: () => memory.head,
    later() {
      const { next } = memory
      memory.head = next ?? memory.head
      return next
    },
    keep(_gatewayId, head) {
      memory.head = head
      memory.kept.push(head)
    },
  }
  return memory
}
