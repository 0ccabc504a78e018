import type { AddressInfo } from 'node:net'
import { readWireError, refusedError } from '../../client/client-errors.ts'
import { readChallenge } from '../../client/challenge.ts'
import { parseConnectOptions, type ConnectSettings } from '../../client/connect-options.ts'
import { connectRequest } from '../../client/connect-request.ts'
import { openLink, type Link } from '../../client/link.ts'
import { createDeviceIdentity } from '../../client/node/load-device-identity.ts'
import { nodePlatform } from '../../client/node/node-platform.ts'
import { PairingRequiredError } from '../../client/pairing-required-error.ts'
import { pendingRequests } from '../../client/pending-requests.ts'
import { readHello } from '../../client/read-hello.ts'
import { startTimer } from '../../client/timer.ts'
import { verify, type NonceContext } from '../../client/verification.ts'
import { LatchkeyError, rejectUnknownKeys } from '../../errors.ts'
import { asLocal, fromPeer } from '../peers.ts'
import { Happenings, HAPPENING_KINDS, type DeviceHappening, type HappeningKind, type HappeningOf } from './happenings.ts' // prettier-ignore
import type { TestGateway } from './test-gateway.ts'
import type { TestDevice, TestDeviceOptions } from './test-device-types.ts'

const TIMEOUT_MS = 10_000
const KNOWN: Readonly<Record<keyof Required<TestDeviceOptions>, true>> = {
  role: true,
  scopes: true,
  from: true,
  identity: true,
  name: true,
  headers: true,
  auth: true,
}

/**
 * A device that connects to a test gateway, from wherever, and tells what happens to it. After an approval it
 * connects again by itself. It proves no local secret: where it is, is what `from` says.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 *
 * @example
 * const device = await testDevice(gateway, { scopes: ['operator.read'], from: '203.0.113.7' })
 * await device.next('pairing-required')
 * await gateway.approve(device)
 * await device.next('approved')
 * await device.next('hello')
 * await device.call('notes.list')
 */
export async function testDevice(gateway: TestGateway, options: TestDeviceOptions = {}): Promise<TestDevice> {
  const identity = options.identity ?? createDeviceIdentity()
  const { deviceId } = identity
  const shown = `device ${options.name ?? `${deviceId.slice(0, 8)}…`}`
  const happenings = new Happenings()
  let asked = options
  let current: DeviceConnection | null = null

  const connect = async (changes: TestDeviceOptions = {}): Promise<void> => {
    asked = { ...asked, ...changes }
    const settings = settingsOf(gateway, asked, identity)
    current?.close()
    current = new DeviceConnection(settings, asked.headers ?? {}, (happening) => happenings.add(happening))
    await current.settled
  }
  const stopListening = gateway.listen((event) => {
    if (event.kind !== 'resolved' || event.request.deviceId !== deviceId) return
    happenings.add({ kind: event.decision, requestId: event.request.id })
    if (event.decision === 'approved') void connect()
  })
  const close = (): void => {
    stopListening()
    current?.close()
  }
  gateway.onClose(close)
  await connect()
  return {
    deviceId,
    identity,
    happened: happenings.all,
    next<K extends HappeningKind>(kind: K, { timeoutMs = TIMEOUT_MS } = {}): Promise<HappeningOf<K>> {
      if (!HAPPENING_KINDS.includes(kind))
        throw new LatchkeyError('OPTION_INVALID', `next: got ${JSON.stringify(kind)}, expected one of ${HAPPENING_KINDS.join(', ')}`) // prettier-ignore
      return happenings.next(kind, timeoutMs, shown)
    },
    call: async (method, params) => {
      if (current === null) throw new LatchkeyError('CLOSED')
      return current.call(method, params)
    },
    connect,
    close,
  }
}

function settingsOf(
  gateway: TestGateway,
  options: TestDeviceOptions,
  identity: ReturnType<typeof createDeviceIdentity>,
): ConnectSettings {
  rejectUnknownKeys('testDevice', options, Object.keys(KNOWN))
  const { from = 'local', role = 'operator', scopes = ['operator.read'], auth = {}, name } = options
  const front = from === 'local' ? asLocal(gateway.server) : fromPeer(gateway.server, from)
  const { port } = front.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}${new URL(gateway.url).pathname}`
  const client = { id: 'test-device', mode: 'test', ...(name === undefined ? {} : { displayName: name }) }
  return parseConnectOptions('testDevice', { url, identity, role, scopes, auth, client }, [])
}

/** One connection of a device, from the challenge to its end. */
class DeviceConnection {
  /** Resolves once it is clear what became of the connect, whatever that is. */
  readonly settled: Promise<void>
  readonly #link: Link
  readonly #tell: (happening: DeviceHappening) => void
  readonly #settings: ConnectSettings
  readonly #platform
  readonly #pending = pendingRequests(startTimer)
  #sent: NonceContext | null = null
  #isOpen = false
  #isOver = false
  #isChallenged = false
  /** A refusal is worked on, and its end must not be told before it. */
  #refusal: Promise<void> = Promise.resolve()
  #settle: () => void = () => undefined

  constructor(
    settings: ConnectSettings,
    headers: Readonly<Record<string, string>>,
    tell: (happening: DeviceHappening) => void,
  ) {
    // prettier-ignore
    this.#settings = settings
    this.#tell = tell
    this.#platform = nodePlatform({ headers })
    this.settled = new Promise((resolve) => (this.#settle = resolve))
    this.#link = openLink(this.#platform, settings.url, {
      onFrame: (frame) => this.#onFrame(frame),
      onEnd: ({ code, reason, error }) => {
        this.#pending.failAll(error)
        void this.#refusal.then(() => {
          if (!this.#isOver) this.#tell(this.#isChallenged ? { kind: 'closed', code, reason } : { kind: 'unreachable', error }) // prettier-ignore
          this.#isOver = true
          this.#settle()
        })
      },
    })
  }

  call(method: string, params: unknown): Promise<unknown> {
    if (!this.#isOpen || this.#link.end !== null)
      return Promise.reject(new LatchkeyError('CLOSED', `${method}: the device is not connected`))
    return this.#pending.add(method, TIMEOUT_MS, undefined, (id) => {
      this.#link.send(JSON.stringify({ type: 'req', id, method, params }))
    })
  }

  /** Nothing more is told of it. */
  close(): void {
    this.#isOver = true
    this.#link.close()
  }

  #onFrame(frame: Readonly<Record<string, unknown>>): void {
    if (frame.type === 'event' && frame.event === 'connect.challenge') {
      this.#isChallenged = true
      void this.#answer(frame.payload)
    } else if (frame.type === 'res' && frame.id === 'connect') this.#decided(frame)
    else if (frame.type === 'res') this.#pending.settle(frame)
    else if (frame.type === 'event' && frame.event !== 'tick')
      this.#tell({ kind: 'event', event: String(frame.event), payload: frame.payload })
  }

  async #answer(payload: unknown): Promise<void> {
    const challenge = readChallenge(payload)
    if (challenge === null) return
    const { params, sent } = await connectRequest(this.#platform, this.#settings, challenge, null)
    this.#sent = sent
    this.#link.send(JSON.stringify({ type: 'req', id: 'connect', method: 'connect', params }))
  }

  #decided(frame: Readonly<Record<string, unknown>>): void {
    const hello = frame.ok === true ? readHello(frame.payload) : null
    if (hello === null) {
      this.#refusal = this.#refused(frame.error)
      return
    }
    this.#isOpen = true
    this.#link.admitted()
    this.#tell({ kind: 'hello', hello })
    this.#settle()
  }

  async #refused(error: unknown): Promise<void> {
    const wire = readWireError(error)
    if (wire?.code === 'NOT_PAIRED' && wire.details.code === 'PAIRING_REQUIRED') {
      const { identity } = this.#settings
      const verification = await verify(this.#platform, identity as NonNullable<typeof identity>, this.#sent, wire.details) // prettier-ignore
      this.#tell({ kind: 'pairing-required', error: new PairingRequiredError(wire, verification) })
    } else this.#tell({ kind: 'refused', error: refusedError(error) })
  }
}
