import { readFileSync } from 'node:fs'
import path from 'node:path'
import { LatchkeyError } from '../errors.ts'
import { defaultAuditKeyFile, keptHeadFile, readAuditPublicKey, readKeptHead } from '../evidence/index.ts'
import { auditVerifier, type AuditReport } from '../pairing/index.ts'

/** A log as the store has it at one moment. */
export type StoredAudit = {
  readonly gatewayId: string | null
  readonly head: string | null
  pages(): Iterable<readonly unknown[]>
}

/** A store that can be looked into more than once. */
export type AuditSource = { read<T>(work: (stored: StoredAudit) => T): T }

/** The same where the log comes page by page. */
export type AuditStream = {
  gatewayId(): Promise<string | null>
  /** Calls `begin` with what belongs to the log at one moment, and what that gives with each page of it. */
  read(begin: (stored: Omit<StoredAudit, 'pages'>) => (page: readonly unknown[]) => void): Promise<void>
}

/** What the log is held against. */
export type AuditTrust = {
  /** A public key (base64url), or a file that has one. Default: the user's audit key. */
  readonly key?: string | undefined
  /** A head that was kept elsewhere. Default: the one beside the key. */
  readonly headFile?: string | undefined
}

export type AuditInspection = {
  readonly report: AuditReport
  readonly gatewayId: string
  /** The trusted key; `null`: none. */
  readonly publicKey: string | null
  /** Where a remembered head was looked for; `null`: the id of the gateway is none. */
  readonly headFile: string | null
}

/**
 * Verifies the log of a store against the key and the head that are kept outside of it.
 *
 * @throws {LatchkeyError} SECRET_UNSAFE, OPTION_INVALID for a key or a head that is missing or cannot be read
 */
export function inspectAudit(source: AuditSource, trust: AuditTrust): AuditInspection {
  // Before the log is read: a gateway that goes on in between must not look as if its end had been cut off.
  const look = inspector(source.read((stored) => stored.gatewayId) ?? '', trust)
  return source.read((stored) => {
    const looking = look(stored)
    for (const page of stored.pages()) looking.add(page)
    return looking.inspection()
  })
}

/** The same for a log that comes page by page. */
export async function inspectAuditStream(source: AuditStream, trust: AuditTrust): Promise<AuditInspection> {
  const look = inspector((await source.gatewayId()) ?? '', trust)
  let looking: ReturnType<typeof look> | undefined
  await source.read((stored) => {
    const begun = look(stored)
    looking = begun
    return (page) => begun.add(page)
  })
  if (looking === undefined) throw new TypeError('the source of a log did not begin')
  return looking.inspection()
}

function inspector(expectedId: string, trust: AuditTrust) {
  const kept = keptHead(trust, expectedId)
  const publicKey = trustedKey(trust.key)
  return (stored: Omit<StoredAudit, 'pages'>) => {
    const { head: storedHead } = stored
    if (publicKey === null && storedHead !== null) throw keyMissing()
    const gatewayId = stored.gatewayId ?? ''
    const verifier = auditVerifier({ gatewayId, storedHead, remembered: kept.text, trustedKey: publicKey })
    return {
      add: (page: readonly unknown[]): void => verifier.add(page),
      inspection: (): AuditInspection => ({
        report: verifier.report(),
        gatewayId,
        publicKey,
        headFile: kept.file,
      }),
    }
  }
}

function keptHead(
  { key, headFile }: AuditTrust,
  gatewayId: string,
): { readonly file: string | null; readonly text: string | null } {
  if (headFile !== undefined) return { file: headFile, text: readGiven('--head', headFile) }
  const keyFile = key === undefined || isPublicKey(key) ? defaultAuditKeyFile() : key
  const folder = path.dirname(keyFile)
  return { file: keptHeadFile(folder, gatewayId), text: readKeptHead(folder, gatewayId) }
}

function trustedKey(given: string | undefined): string | null {
  if (given === undefined) return readAuditPublicKey(defaultAuditKeyFile())
  if (isPublicKey(given)) return given
  const text = readGiven('--key', given)
  if (isPublicKey(text.trim())) return text.trim()
  const { publicKey, privateKey } = parse(text)
  if (privateKey !== undefined) return readAuditPublicKey(given)
  if (typeof publicKey === 'string' && isPublicKey(publicKey)) return publicKey
  throw new LatchkeyError('OPTION_INVALID', `--key: ${given} does not hold an Ed25519 public key`)
}

function parse(text: string): { readonly publicKey?: unknown; readonly privateKey?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

function readGiven(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new LatchkeyError('OPTION_INVALID', `${option}: ${file} cannot be read: ${String(error)}`)
  }
}

/** 32 bytes, base64url. */
function isPublicKey(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

function keyMissing(): LatchkeyError {
  const message = `there is no audit key at ${defaultAuditKeyFile()}: run this as the gateway's user, or name the public key with --key`
  return new LatchkeyError('OPTION_INVALID', message)
}
