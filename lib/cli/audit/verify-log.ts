import path from 'node:path'
import { LatchkeyError } from '../../errors.ts'
import { inspectAudit, type AuditInspection } from '../../gateway/index.ts'
import { openAuditFile } from '../../store/open-audit-file.ts'
import { print, type CommonOptions } from '../cli-context.ts'
import { CliExit, EXIT } from '../exit-codes.ts'
import { printable } from '../printable.ts'
import { terminalOf } from '../terminal.ts'

export type AuditFileOptions = CommonOptions & { readonly stateDir: string }
export type VerifyOptions = AuditFileOptions & { readonly key?: string; readonly head?: string }

/** Verifies the log in the store's file; ends with 7 when it is not as it was written. */
export function verifyLog(options: VerifyOptions): void {
  const file = storeFile(options)
  const source = openAuditFile(file)
  try {
    const inspection = inspectAudit(source, { key: options.key, headFile: options.head })
    const { report, gatewayId, publicKey, headFile } = inspection
    print(options, { ...report, store: file, gatewayId, publicKey, headFile }, () =>
      describeInspection(file, inspection),
    )
    if (!report.ok) throw new CliExit(EXIT.tampered)
  } finally {
    source.close()
  }
}

/** Prints the signed head with the gateway that it is of. */
export function printHead(options: AuditFileOptions): void {
  const file = storeFile(options)
  const source = openAuditFile(file)
  try {
    const { gatewayId, head } = source.read(({ gatewayId, head }) => ({ gatewayId, head }))
    if (head === null) throw new LatchkeyError('NOT_FOUND', `the log in ${file} has no signed head yet`)
    console.log(JSON.stringify({ gatewayId, ...readHead(file, head) }))
  } finally {
    source.close()
  }
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
