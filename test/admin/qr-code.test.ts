import { describe, expect, test } from '@jest/globals'
import readQrModule from 'jsqr'
import { qrCode, type QrCode } from '../../lib/admin/console/qr/qr-code.ts'

// Its module is CommonJS with a default of its own.
const readQr = readQrModule as unknown as {
  default?: typeof readQrModule.default
} & typeof readQrModule.default

/** Bytes that a symbol of error correction level M holds, by version (ISO/IEC 18004, table 7). */
const CAPACITIES = [
  14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666,
]
const SCALE = 3
const QUIET = 4

/** What a reader that knows nothing of how the code was made sees in a picture of it. */
function read(rows: QrCode): string | undefined {
  const size = (rows.length + 2 * QUIET) * SCALE
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255)
  for (let y = 0; y < size; y += 1)
    for (let x = 0; x < size; x += 1) {
      const isDark = rows[Math.floor(y / SCALE) - QUIET]?.[Math.floor(x / SCALE) - QUIET] ?? false
      if (isDark) pixels.fill(0, (y * size + x) * 4, (y * size + x) * 4 + 3)
    }
  return (readQr.default ?? readQr)(pixels, size, size)?.data
}

describe('a QR code', () => {
  test.each(CAPACITIES.map((capacity, index) => [index + 1, capacity]))(
    'of version %i can be read by another program, up to %i bytes',
    (version, capacity) => {
      const text = `https://gateway.example/gateway/console#invite=${'aB3-_x'.repeat(120)}`.slice(0, capacity)
      const rows = qrCode(text)
      expect([rows.length, read(rows)]).toEqual([version * 4 + 17, text])
    },
  )

  test('holds 666 bytes and no more', () => {
    expect(read(qrCode('a'.repeat(666)))).toBe('a'.repeat(666))
    expect(() => qrCode('a'.repeat(667))).toThrow(RangeError)
  })
})
