import type { Socket } from 'node:net'
import { connectRequest } from '../../client/connect-request.ts'
import { parseConnectOptions } from '../../client/connect-options.ts'
import { readChallenge } from '../../client/challenge.ts'
import { createDeviceIdentity } from '../../client/node/load-device-identity.ts'
import { nodePlatform } from '../../client/node/node-platform.ts'
import { isRecord } from '../../protocol/frames.ts'
import { parseResponse, NO_ANSWER, type AttackResponse } from './exchange.ts'
import { CLOSE, takeFrames, TEXT, textFrame } from './raw-frames.ts'

/** What a WebSocket came to. */
export type UpgradeOutcome = {
  readonly response: AttackResponse
  /** A gateway of Latchkey sent its challenge. */
  readonly isGateway: boolean
  /** The gateway said hello-ok to a new key; or, of another WebSocket, it stayed open. */
  readonly letIn: boolean
  /** In words. */
  readonly got: string
}

/** How long a WebSocket that says nothing has to stay open to count as let in. */
const SETTLE_MS = 250

const platform = nodePlatform({})

/** Asks for a WebSocket, and of a gateway for a pairing with a key that nobody has seen. Never rejects. */
export function tryUpgrade(socket: Socket, text: string, timeoutMs: number): Promise<UpgradeOutcome> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0)
    let response: AttackResponse | null = null
    let isGateway = false
    let settle: NodeJS.Timeout | undefined
    const timer = setTimeout(() => done(false, 'no end within the time'), timeoutMs)

    const done = (letIn: boolean, got: string): void => {
      clearTimeout(timer)
      clearTimeout(settle)
      resolve({ response: response ?? NO_ANSWER, isGateway, letIn, got })
      socket.destroy()
    }
    const onFrame = (opcode: number, payload: Buffer): void => {
      if (opcode === CLOSE) {
        const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
        done(false, `101, then close ${code} ${payload.toString('utf8', 2)}`.trimEnd())
        return
      }
      const frame = opcode === TEXT ? parseJson(payload.toString('utf8')) : null
      if (isRecord(frame) && frame.event === 'connect.challenge') {
        isGateway = true
        clearTimeout(settle)
        void connectText(frame.payload).then((connect) => {
          if (connect === null) done(false, '101, then a challenge that is none')
          else socket.write(textFrame(connect))
        })
      } else if (isRecord(frame) && frame.type === 'res') {
        if (frame.ok === true) done(true, 'hello-ok: a new key was paired silently')
        else done(false, `refused: ${String(isRecord(frame.error) ? frame.error.message : frame.error)}`)
      }
    }
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      if (response === null) {
        const end = seen.indexOf('\r\n\r\n')
        if (end === -1) return
        response = parseResponse(seen.toString('utf8', 0, end + 4))
        if (response.status !== 101) {
          done(false, `${response.status} ${response.statusText}`)
          return
        }
        seen = seen.subarray(end + 4)
        settle = setTimeout(() => done(true, '101, and it stayed open'), SETTLE_MS)
      }
      const { frames, rest } = takeFrames(seen)
      seen = Buffer.from(rest)
      for (const { opcode, payload } of frames) onFrame(opcode, payload)
    }
    socket.on('data', onData)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => done(false, response === null ? 'the connection was ended' : '101, then the connection was ended')) // prettier-ignore
    socket.write(Buffer.from(text, 'latin1'))
  })
}

async function connectText(payload: unknown): Promise<string | null> {
  const challenge = readChallenge(payload)
  if (challenge === null) return null
  const identity = createDeviceIdentity()
  const settings = parseConnectOptions(
    'attack',
    { url: 'ws://localhost', identity, scopes: ['operator.read'], client: { id: 'latchkey-attack', mode: 'test' } }, // prettier-ignore
    [],
  )
  const { params } = await connectRequest(platform, settings, challenge, null)
  return JSON.stringify({ type: 'req', id: 'attack', method: 'connect', params })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
