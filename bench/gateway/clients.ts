// Connects again and again, or holds connections. A process of its own: the server's CPU time is what counts.
import { generateKeyPairSync, sign } from 'node:crypto'
import WebSocket from 'ws'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { DeviceIdentity } from '../../lib/client/device-identity.ts'
import { signedTextV3 } from '../../lib/protocol/index.ts'

/** `floor`: one signed message on a bare connection. `latchkey`: the gateway's handshake. */
export type Kind = 'floor' | 'latchkey' | 'socket.io'
export type Order = {
  readonly kind: Kind
  readonly url: string
  readonly times: number
  readonly width: number
  /** A key of its own for each connection. */
  readonly fresh?: boolean
  /** How many keys take turns, instead of one for each of those at a time. */
  readonly devices?: number
  /** Leaves the connections open. */
  readonly hold?: boolean
  /** The address that they come from. */
  readonly from?: string
}

const CLIENT = { id: 'bench', version: '1.0.0', platform: 'linux', mode: 'bench' }
const OPTIONS = { perMessageDeflate: false, followRedirects: false }
let localAddress: string | undefined
const known = new Map<string, { identity: DeviceIdentity; deviceToken?: string }>()
const held: WebSocket[] = []
let turns = 0
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const rawKey = publicKey.export({ format: 'jwk' }).x

process.on('message', (order: Order) => {
  run(order).then(
    () => process.send?.({ done: true }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function run(order: Order): Promise<void> {
  const { kind, url, times, width, devices = 0, fresh = false, hold = false, from } = order
  localAddress = from
  let left = times
  const worker = async (index: number): Promise<void> => {
    while (left > 0) {
      left -= 1
      const device = devices === 0 ? index : (turns += 1) % devices
      const socket = await connections[kind](url, fresh || hold ? '' : `${url} ${device}`)
      if (hold) held.push(socket)
      else await closed(socket)
    }
  }
  await Promise.all(Array.from({ length: width }, (_, index) => worker(index)))
}

const connections: Record<Kind, (url: string, device: string) => Promise<WebSocket>> = {
  floor: (url) =>
    converse(url, (socket, message) => {
      if (message !== null) return true
      socket.send(signedMessage())
      return false
    }),
  'socket.io': (url) =>
    converse(url, (socket, message) => {
      if (message?.startsWith('0') === true) socket.send(`40${signedMessage()}`)
      if (message?.startsWith('44') === true) throw new Error(message)
      return message?.startsWith('40') === true
    }),
  latchkey: (url, name) => {
    const device = known.get(name) ?? { identity: createDeviceIdentity() }
    if (name !== '') known.set(name, device)
    return converse(url, (socket, message) => {
      if (message === null) return false
      const frame = JSON.parse(message) as Frame
      if (frame.event === 'connect.challenge') socket.send(connectFrame(device, frame.payload?.nonce ?? ''))
      if (frame.ok === false) throw new Error(message)
      const token = frame.payload?.auth?.deviceToken
      if (token !== undefined) device.deviceToken = token
      return frame.ok === true
    })
  },
}

type Frame = {
  readonly event?: string
  readonly ok?: boolean
  readonly payload?: { readonly nonce?: string; readonly auth?: { readonly deviceToken?: string } }
}

/** `step`: called once open (`null`) and for each message, until it says that the server has let us in. */
function converse(url: string, step: (socket: WebSocket, message: string | null) => boolean): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { ...OPTIONS, ...(localAddress === undefined ? {} : { localAddress }) })
    const next = (message: string | null): void => {
      try {
        if (step(socket, message)) resolve(socket)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    socket.on('open', () => next(null))
    socket.on('message', (data: Buffer) => next(data.toString('utf8')))
    socket.on('error', reject)
    socket.on('close', (code, reason) => reject(new Error(`closed: ${code} ${reason.toString()}`)))
  })
} // prettier-ignore

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('close', () => resolve())
    socket.close()
  })
}

function signedMessage(): string {
  const text = `v3|bench|${Date.now()}|a nonce of some length, as the gateway's is`
  return JSON.stringify({ text, publicKey: rawKey, signature: sign(null, Buffer.from(text), privateKey).toString('base64url') }) // prettier-ignore
}

function connectFrame({ identity, deviceToken }: { identity: DeviceIdentity; deviceToken?: string }, nonce: string): string {
  const [role, scopes, signedAt] = ['operator', ['operator.read'], Date.now()]
  const { deviceId, publicKey } = identity
  const claims = { deviceId, clientId: CLIENT.id, clientMode: CLIENT.mode, role, scopes, signedAtMs: signedAt, token: deviceToken ?? '', nonce, platform: CLIENT.platform, deviceFamily: '' }
  const signature = identity.sign(signedTextV3(claims)) as string
  const device = { id: deviceId, publicKey, signature, signedAt, nonce }
  const auth = deviceToken === undefined ? {} : { auth: { deviceToken } }
  const params = { minProtocol: 3, maxProtocol: 4, client: CLIENT, role, scopes, device, ...auth }
  return JSON.stringify({ type: 'req', id: '1', method: 'connect', params })
} // prettier-ignore
