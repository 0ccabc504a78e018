import type { PairedRecord, PendingRecord } from './owner-records.ts'
import { nameAndKey } from './find-device.ts'
import { duration, fingerprint, printable } from './printable.ts'
import { requestAdditions } from './request-additions.ts'
import { terminalOf, type Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

const INDENT = ' '.repeat(12)

/** What the owner has to know, the key's fingerprint beside the name: anybody can choose a name. */
export function describeRequest(
  request: PendingRecord,
  device: PairedRecord | undefined,
  terminal: Terminal = terminalOf(),
): string {
  const { paint } = terminal
  const now = Date.now()
  const id = printable(request.requestId)
  const kind = [request.clientId, request.platform].filter((part) => part !== undefined).map(printable)
  const from = printable(request.remoteIp ?? 'an unknown address')
  const lines = [
    paint('strong', `Request ${id}`),
    ...field('device', nameAndKey(request)),
    ...field('client', kind.join(', ')),
    ...(request.nameWarning === undefined
      ? []
      : field('beware', 'the name mixes alphabets: it may imitate another name')),
    ...requestAdditions(request, device).flatMap((words) => field('adds', words)),
    ...field('code', codeWords(request)),
    ...field('because', `${printable(request.reason)}; from ${from} (${printable(request.locality.reason)})`),
    ...field('advice', printable(request.locality.advice ?? '')),
    ...field('approver', approverWords(request)),
    ...field('waiting', `${duration(now - request.ts)}, expires in ${duration(request.expiresAtMs - now)}`),
    `  approve   ${approveCommand(request)}`,
  ]
  return lines.join('\n')
}

/** The command for exactly what was shown. */
function approveCommand({ requestId, digest, codeRequired, hasCode }: PendingRecord): string {
  const code = codeRequired ? (hasCode ? ' --code <code>' : ' --without-code') : ''
  return `latchkey approve ${printable(requestId)} --digest ${printable(digest)}${code}`
}

function codeWords({ hasCode, codeRequired, verificationCode }: PendingRecord): string {
  if (codeRequired && hasCode) return 'needs the code that the device shows: --code'
  if (!hasCode)
    return `shows no code (an older client)${codeRequired ? ': compare the key, then --without-code' : ''}`
  return `${printable(verificationCode ?? '')}: compare it with the one that the device shows`
}

function approverWords({ secondApproverRequired, approvedBy }: PendingRecord): string {
  if (!secondApproverRequired) return ''
  if (approvedBy === undefined) return 'needs two approvers; nobody has approved it yet'
  return `needs two approvers; approved by ${approverName(approvedBy)}, and waits for another one`
}

/** Whoever decided, as the gateway names them. */
export function approverName(by: string): string {
  return /^[0-9a-f]{64}$/.test(by) ? `key ${fingerprint(by)}` : printable(by)
}

function field(title: string, text: string): string[] {
  return wrapped(text, 80, INDENT).map((line, index) =>
    index === 0 ? `  ${title.padEnd(10)}${line.trimStart()}` : line,
  )
}
