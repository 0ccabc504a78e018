import type { Socket } from 'node:net'

/** What came back for one request. */
export type AttackResponse = {
  /** 0 when the connection ended, or nothing came, without an answer. */
  readonly status: number
  readonly statusText: string
  /** Lower-case names; of repeated ones the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export const NO_ANSWER: AttackResponse = { status: 0, statusText: '', headers: {}, body: '' }

/**
 * Writes a request and reads the answer until the connection ends. Never rejects. `before`: requests that go first, each
 * once the one before was answered; that the last was never sent counts as no answer.
 */
export function exchange(
  socket: Socket,
  text: string,
  timeoutMs: number,
  before: readonly string[] = [],
): Promise<AttackResponse> {
  return new Promise((resolve) => {
    const left = [...before, text]
    let chunks: Buffer[] = []
    const send = (): void => {
      chunks = []
      socket.write(Buffer.from(left.shift() ?? '', 'latin1'))
    }
    const timer = setTimeout(() => socket.destroy(), timeoutMs)
    const look = (): void => {
      const answer = Buffer.concat(chunks).toString('latin1')
      // A server that keeps the connection ends nothing.
      if (!isWhole(answer)) return
      if (left.length > 0) send()
      else socket.destroy()
    }
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      look()
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      clearTimeout(timer)
      resolve(left.length > 0 ? NO_ANSWER : parseResponse(Buffer.concat(chunks).toString('utf8')))
    })
    send()
  })
}

function isWhole(answer: string): boolean {
  const length = contentLengthOf(answer)
  if (length !== null) return answer.length >= length
  return /\r\ntransfer-encoding: *chunked\r\n/i.test(answer) && answer.endsWith('\r\n0\r\n\r\n')
}

/** Of head and body together; `null` when the head does not say. */
function contentLengthOf(answer: string): number | null {
  const end = answer.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, end + 2))?.[1]
  if (end !== -1 && /^HTTP\/1\.\d (?:204|304)/.test(answer)) return end + 4
  return end === -1 || length === undefined ? null : end + 4 + Number(length)
}

export function parseResponse(text: string): AttackResponse {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const [, status, statusText = ''] = /^HTTP\/\d\.\d (\d{3})(?: (.*))?$/.exec(first) ?? []
  if (status === undefined) return NO_ANSWER
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const body = rest.join('\r\n\r\n')
  const named = Object.fromEntries(headers) as Record<string, string>
  const isChunked = named['transfer-encoding'] === 'chunked'
  return { status: Number(status), statusText, headers: named, body: isChunked ? unchunked(body) : body }
}

/** Good enough for JSON and pages: sizes are counted in characters that are one byte. */
function unchunked(text: string): string {
  return text.replaceAll(/(?:^|\r\n)[0-9a-fA-F]+\r\n/g, '')
}
