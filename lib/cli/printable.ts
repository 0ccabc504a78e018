import { clipped, displayWidth, padded } from './display-width.ts'

const UNWANTED = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu
/** A pile of accents reaches into the lines above and below. */
const MARKS = /(\p{M}{4})\p{M}+/gu

/** Text from elsewhere, fit for a terminal: nothing that moves the cursor, hides or reverses what follows. */
export function printable(text: string): string {
  return text.replaceAll(UNWANTED, '\u{FFFD}').replaceAll(MARKS, '$1')
}

/** JSON that is the same value to every program, and in which a terminal finds nothing to act on. */
export function printableJson(value: unknown, indent = 2): string {
  const json = JSON.stringify(value, null, indent) as string | undefined
  return (json ?? 'null')
    .replaceAll(UNWANTED, (char) => (char === '\n' ? char : escaped(char)))
    .replaceAll(MARKS, (pile, kept: string) => kept + escaped(pile.slice(kept.length)))
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** A key as people compare it: the first 16 hex digits of the device id, in groups. */
export function fingerprint(deviceId: string): string {
  return printable(deviceId.slice(0, 16).replaceAll(/(.{4})(?=.)/g, '$1 '))
}

/** `12 s`, `4 min`, `3 h`, `2 d` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86400)} d`
}

const NARROWEST = 6

/**
 * Left-aligned columns, two spaces apart; the header in capitals. What does not fit into `width` columns is cut
 * where most room is taken; the first column stays whole, because it names the row.
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { width = 80, ellipsis = '…' }: { readonly width?: number; readonly ellipsis?: string } = {},
): string {
  const all = [header.map((title) => title.toUpperCase()), ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => displayWidth(row[column] ?? ''))))
  const total = (): number => widths.reduce((sum, each) => sum + each + 2, -2)
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths.slice(1)), 1)
    if (widest < 0 || (widths[widest] ?? 0) <= NARROWEST) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  const cell = (text: string, column: number): string => {
    const room = widths[column] ?? 0
    return padded(clipped(text, room, ellipsis), room)
  }
  return all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')
}
