import type { OutgoingHttpHeaders } from 'node:http'
import { WebSocket } from 'ws'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { readPairingRequired, signedTextV3 } from '../../../lib/protocol/index.ts'
import type { ConnectResult, Probe } from '../probes.ts'

const TIMEOUT_MS = 10_000

type Frame = {
  readonly type: string
  readonly ok?: boolean
  readonly payload?: { readonly nonce?: string; readonly ts?: number }
  readonly error?: { readonly code: string; readonly details?: unknown }
}

/** A device that was never seen before says `connect` and waits for the other side to close. */
export function connectOnTheWire({ host, port, headers = {} }: Probe): Promise<ConnectResult> {
  const identity = createDeviceIdentity()
  const { deviceId, publicKey } = identity
  return new Promise((resolve, reject) => {
    const { Connection: nominated, ...others } = headers
    const socket = new WebSocket(`ws://${host}:${port}/gateway`, {
      headers: others as OutgoingHttpHeaders,
      perMessageDeflate: false,
      finishRequest(request) {
        // ws writes `Connection: Upgrade` over whatever it is given.
        if (nominated !== undefined) request.setHeader('Connection', `Upgrade, ${String(nominated)}`)
        request.end()
      },
    })
    const timer = setTimeout(() => {
      socket.terminate()
      reject(new Error('no answer in time'))
    }, TIMEOUT_MS)
    let refusal: Frame['error']
    socket.on('error', reject)
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as Frame
      if (frame.type === 'event') {
        const { nonce = '', ts = 0 } = frame.payload ?? {}
        const client = { id: 'wire', mode: 'test', version: '1', platform: 'linux' }
        const claims = { deviceId, clientId: 'wire', clientMode: 'test', role: 'operator', scopes: [] }
        const signed = { ...claims, signedAtMs: ts, token: '', nonce, platform: 'linux', deviceFamily: '' }
        const signature = identity.sign(signedTextV3(signed))
        const device = { id: deviceId, publicKey, signature, signedAt: ts, nonce }
        const params = { minProtocol: 3, maxProtocol: 4, client, role: 'operator', scopes: [], device }
        socket.send(JSON.stringify({ type: 'req', id: '1', method: 'connect', params }))
      } else if (frame.ok === true) {
        clearTimeout(timer)
        resolve({ isPaired: true, deviceId })
        socket.close()
      } else refusal = frame.error
    })
    socket.on('close', (closeCode, closeReason) => {
      clearTimeout(timer)
      const { requestId, locality } = readPairingRequired(refusal?.details) ?? {}
      resolve({
        isPaired: false,
        deviceId,
        code: refusal?.code ?? 'CLOSED',
        ...(requestId === undefined ? {} : { requestId }),
        ...(locality === undefined ? {} : { localityReason: locality.reason }),
        closeCode,
        closeReason: closeReason.toString('utf8'),
      })
    })
  })
}
