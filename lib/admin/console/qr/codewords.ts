import { divisor, remainder } from './reed-solomon.ts'

/** Of error correction level M, by version from 1 on (ISO/IEC 18004, table 9). */
const CORRECTION_PER_BLOCK = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]

export type Codewords = { readonly version: number; readonly bytes: readonly number[] }

/**
 * Text as the codewords of the smallest symbol that holds it, in byte mode, with error correction interleaved.
 *
 * @throws {RangeError} for more than 666 bytes
 */
export function codewordsOf(text: string): Codewords {
  const data = new TextEncoder().encode(text)
  for (const [index, blocks] of BLOCKS.entries()) {
    const version = index + 1
    const perBlock = CORRECTION_PER_BLOCK[index] ?? 0
    const capacity = totalBytes(version) - perBlock * blocks
    // Four bits say the mode, the next 8 or 16 the length.
    if (data.length + (version < 10 ? 2 : 3) > capacity) continue
    return { version, bytes: interleaved(dataBytes(data, version, capacity), blocks, perBlock, version) }
  }
  throw new RangeError(`a text of ${data.length} bytes is too long for this code`)
}

/** What is left of a symbol beside its patterns, in whole bytes. */
function totalBytes(version: number): number {
  const alignments = Math.floor(version / 7) + 2
  const patterns = version === 1 ? 0 : (25 * alignments - 10) * alignments - 55 + (version >= 7 ? 36 : 0)
  return Math.floor(((16 * version + 128) * version + 64 - patterns) / 8)
}

function dataBytes(data: Uint8Array, version: number, capacity: number): number[] {
  const lengthBits = version < 10 ? 8 : 16
  const bits = [
    ...bitsOf(0b0100, 4),
    ...bitsOf(data.length, lengthBits),
    ...Array.from(data).flatMap((byte) => bitsOf(byte, 8)),
  ]
  const end = Math.min(4, capacity * 8 - bits.length)
  bits.push(...bitsOf(0, end), ...bitsOf(0, (8 - ((bits.length + end) % 8)) % 8))
  const bytes: number[] = []
  for (let at = 0; at < bits.length; at += 8)
    bytes.push(bits.slice(at, at + 8).reduce((byte, bit) => byte * 2 + bit, 0))
  for (let padding = 0xec; bytes.length < capacity; padding ^= 0xec ^ 0x11) bytes.push(padding)
  return bytes
}

function bitsOf(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (value >>> (count - 1 - index)) & 1)
}

/** Blocks of nearly the same length, the shorter ones first; a byte of each in turn. */
function interleaved(data: readonly number[], blocks: number, perBlock: number, version: number): number[] {
  const total = totalBytes(version)
  const short = Math.floor(total / blocks) - perBlock
  const shortBlocks = blocks - (total % blocks)
  const by = divisor(perBlock)
  let at = 0
  const parts = Array.from({ length: blocks }, (_, index) => {
    const part = data.slice(at, at + short + (index < shortBlocks ? 0 : 1))
    at += part.length
    return { part, correction: remainder(part, by) }
  })
  const column = (pick: (block: (typeof parts)[number]) => readonly number[], length: number): number[] =>
    Array.from({ length }, (_, row) => parts.flatMap((block) => pick(block).slice(row, row + 1))).flat()
  return [...column(({ part }) => part, short + 1), ...column(({ correction }) => correction, perBlock)]
}
