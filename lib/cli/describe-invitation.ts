import { isLoopbackUrl } from './console-link.ts'
import type { MadeInviteRecord } from './owner-records.ts'
import { duration, printable } from './printable.ts'
import { qrCode } from './qr-code.ts'
import { terminalOf, type Terminal } from './terminal.ts'
import { wrapped } from './wrapped.ts'

type Way = {
  readonly url: string
  readonly code: string
  /** `null`: it is nothing for a browser. */
  readonly link: string | null
  readonly isDrawn: boolean
}

export function describeInvitation(
  made: MadeInviteRecord,
  { url, code, link, isDrawn }: Way,
  terminal: Terminal = terminalOf(),
): string {
  const what = made.asks.map(({ role, scopes }) => {
    const names = scopes.map(printable).join(', ') || 'no scopes'
    return `the role ${printable(role)} with ${names}`
  })
  const time = duration(made.expiresAtMs - Date.now())
  const role = made.asks[0]?.role ?? 'operator'
  const blocks = [
    wrapped(`Whoever uses this first gets ${what.join(' and ')}. It works once, within ${time}.`),
    [terminal.paint('strong', 'Setup code'), `  ${code}`],
    [
      terminal.paint('strong', 'On the device'),
      `  latchkey join ${code}${role === 'operator' ? '' : ` --role ${printable(role)}`}`,
    ],
    ...(link === null ? [] : [[terminal.paint('strong', 'In a browser'), `  ${link}`]]),
    ...(isDrawn ? [[qrCode(link ?? code, terminal)]] : []),
    ...(isLoopbackUrl(url)
      ? [wrapped('This address is good on this machine alone: for another device say --public-url.')]
      : []),
    [`Take it back with: latchkey uninvite ${printable(made.inviteId)}`],
  ]
  return blocks.map((lines) => lines.join('\n')).join('\n\n')
}
