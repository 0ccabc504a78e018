import { codewordsOf } from './codewords.ts'
import { mask } from './mask.ts'
import { symbolOf, type Symbol } from './symbol.ts'

// Not uqr, which the command line uses: a page finds no bare `uqr` without an import map, which the policy refuses
// inline and browsers load from nowhere else; a relative path into node_modules differs from one install to the next.

/** The modules of a QR code, row by row; true is dark. Without the quiet zone of four modules around it. */
export type QrCode = readonly (readonly boolean[])[]

/**
 * Text as a QR code (ISO/IEC 18004): byte mode, error correction level M, the smallest version that holds it.
 *
 * @throws {RangeError} for more than 666 bytes
 */
export function qrCode(text: string): QrCode {
  const { version, bytes } = codewordsOf(text)
  const symbol = symbolOf(version)
  place(symbol, bytes)
  mask(symbol)
  const { size, isDark } = symbol
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (__, x) => isDark(x, y)))
}

/** In pairs of columns from the right, up and down in turn, past the column of the timing pattern. */
function place(symbol: Symbol, bytes: readonly number[]): void {
  const { size } = symbol
  let index = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    const isUpward = ((right + 1) & 2) === 0
    for (let step = 0; step < size; step += 1) {
      const y = isUpward ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (symbol.isFixed(x, y) || index >= bytes.length * 8) continue
        symbol.set(x, y, (((bytes[index >>> 3] ?? 0) >>> (7 - (index & 7))) & 1) === 1)
        index += 1
      }
    }
  }
}
