import { encode } from 'uqr'
import type { Terminal } from './terminal.ts'

/** Light modules around the code. The standard says four; two have to do, for the sake of 80 columns. */
const QUIET = { blocks: 2, ascii: 1 }

/**
 * A QR code as text: two rows per line in half blocks, or two characters per module where the locale is not
 * UTF-8. What is light in the code is what is written, because most terminals are dark.
 */
export function qrCode(text: string, { isUtf8, paint }: Terminal): string {
  const { data } = encode(text, { ecc: 'L', border: isUtf8 ? QUIET.blocks : QUIET.ascii })
  const lines = isUtf8 ? halfBlocks(data) : hashes(data)
  return lines.map((line) => paint('blocks', line)).join('\n')
}

function halfBlocks(dark: readonly (readonly boolean[])[]): string[] {
  const lines: string[] = []
  for (let y = 0; y < dark.length; y += 2) {
    const upper = dark[y] ?? []
    const lower = dark[y + 1]
    lines.push(upper.map((isDark, x) => block(!isDark, lower?.[x] === false)).join(''))
  }
  return lines
}

function block(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}

function hashes(dark: readonly (readonly boolean[])[]): string[] {
  return dark.map((row) => row.map((isDark) => (isDark ? '  ' : '##')).join(''))
}
