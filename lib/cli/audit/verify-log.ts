import path from 'node:path'
import { LatchkeyError } from '../../errors.ts'
import { inspectAudit, inspectAuditStream, type AuditInspection } from '../../gateway/index.ts'
import { openAuditFile } from '../../store/open-audit-file.ts'
import { print, type CommonOptions } from '../cli-context.ts'
import { CliExit, EXIT } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { postgresOptions } from '../store-place.ts'
import { terminalOf } from '../terminal.ts'

export type AuditFileOptions = CommonOptions & { readonly stateDir: string; readonly store?: string }
export type VerifyOptions = AuditFileOptions & { readonly key?: string; readonly head?: string }
type StoredEnds = { readonly gatewayId: string | null; readonly head: string | null }

/** Verifies the log in the store; ends with 7 when it is not as it was written. */
export async function verifyLog(options: VerifyOptions): Promise<void> {
  const { place, inspection } = await inspectStore(options)
  const { report, gatewayId, publicKey, headFile } = inspection
  print(options, { ...report, store: place, gatewayId, publicKey, headFile }, () =>
    describeInspection(place, inspection),
  )
  if (!report.ok) throw new CliExit(EXIT.tampered)
}

async function inspectStore(
  options: VerifyOptions,
): Promise<{ readonly place: string; readonly inspection: AuditInspection }> {
  const trust = { key: options.key, headFile: options.head }
  if (options.store !== undefined) {
    const source = await openDatabase(options.store)
    try {
      return { place: source.name, inspection: await inspectAuditStream(source, trust) }
    } finally {
      await source.close()
    }
  }
  const file = storeFile(options)
  const source = openAuditFile(file)
  try {
    return { place: file, inspection: inspectAudit(source, trust) }
  } finally {
    source.close()
  }
}

/** Prints the signed head with the gateway that it is of. */
export async function printHead(options: AuditFileOptions): Promise<void> {
  const { place, ends } = await readEnds(options)
  const { gatewayId, head } = ends
  if (head === null) throw new LatchkeyError('NOT_FOUND', `the log in ${place} has no signed head yet`)
  console.log(JSON.stringify({ gatewayId, ...readHead(place, head) }))
}

async function readEnds(
  options: AuditFileOptions,
): Promise<{ readonly place: string; readonly ends: StoredEnds }> {
  if (options.store !== undefined) {
    const source = await openDatabase(options.store)
    try {
      return { place: source.name, ends: await source.ends() }
    } finally {
      await source.close()
    }
  }
  const file = storeFile(options)
  const source = openAuditFile(file)
  try {
    return { place: file, ends: source.read(({ gatewayId, head }) => ({ gatewayId, head })) }
  } finally {
    source.close()
  }
}

async function openDatabase(url: string) {
  const options = postgresOptions(url)
  const { openAuditDatabase } = await import('../../store/postgres/open-audit-database.ts')
  return openAuditDatabase(options)
}

function readHead(file: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Falls through.
  }
  throw new LatchkeyError('STORE_CORRUPT', `the head in ${file} cannot be read: latchkey audit verify`)
}

function storeFile({ stateDir }: AuditFileOptions): string {
  return path.resolve(stateDir, 'latchkey.db')
}

function describeInspection(file: string, { report, gatewayId, publicKey, headFile }: AuditInspection): string {
  const { marks, paint } = terminalOf()
  const { entries, last, head, remembered, problems } = report
  const lines = [
    `Checked ${file}, the log of gateway ${printable(gatewayId)}.`,
    `  entries     ${entries}${last === null ? '' : `, the last is ${last.seq}`}; each one's hash, and its link to the one before`,
    `  head        ${head === null ? 'none' : `of entry ${head.seq}, signed ${new Date(head.atMs).toISOString()}`}`,
    `  key         ${publicKey ?? 'none'}`,
    `  remembered  ${remembered === null ? `no head${headFile === null ? '' : ` in ${printable(headFile)}`}: an end that was cut off together with its head would not be noticed` : `of entry ${remembered.seq}, in ${printable(headFile ?? '')}`}`,
  ]
  if (problems.length === 0)
    return [...lines, paint('good', `${marks.good} The log is as it was written.`)].join('\n')
  const found = problems.map(({ kind, seq, saw }) =>
    paint('bad', `${marks.bad} ${kind}${seq === null ? '' : `, entry ${seq}`}: ${printable(saw)}`),
  )
  return [...lines, ...found, 'The log is not as it was written. What was before the first of these entries still counts.'].join('\n')
} // prettier-ignore
