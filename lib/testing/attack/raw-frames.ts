/** One frame of a server: never masked. */
export type RawFrame = { readonly opcode: number; readonly payload: Buffer }

export const TEXT = 1
export const CLOSE = 8

/** Takes whole frames off the front of what has arrived. */
export function takeFrames(bytes: Buffer): { frames: RawFrame[]; rest: Buffer } {
  const frames: RawFrame[] = []
  let at = 0
  for (;;) {
    const frame = frameAt(bytes, at)
    if (frame === null) return { frames, rest: bytes.subarray(at) }
    frames.push({ opcode: frame.opcode, payload: bytes.subarray(frame.from, frame.to) })
    at = frame.to
  }
}

function frameAt(bytes: Buffer, at: number): { opcode: number; from: number; to: number } | null {
  if (bytes.length < at + 2) return null
  const opcode = bytes.readUInt8(at) & 0x0f
  const short = bytes.readUInt8(at + 1) & 0x7f
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0
  const from = at + 2 + extra
  if (bytes.length < from) return null
  const length =
    extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
  return bytes.length < from + length ? null : { opcode, from, to: from + length }
}

/** A text frame of a client, with a mask of zeros (RFC 6455, section 5.3, asks for one). */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text, 'utf8')
  const size = Buffer.alloc(3)
  size.writeUInt8(0x80 | 126, 0)
  size.writeUInt16BE(payload.length, 1)
  return Buffer.concat([Buffer.from([0x80 | TEXT]), size, Buffer.alloc(4), payload])
}
