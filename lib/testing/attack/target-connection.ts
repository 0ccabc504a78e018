import { connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { LatchkeyError } from '../../errors.ts'
import type { SimulatedConnection } from '../../evidence/simulated-connection.ts'
import { frontOf, serverOf, type AppUnderTest } from '../simulated-server.ts'

/** Where the requests of an attack go. */
export type AttackTarget = {
  readonly port: number
  /** False for a URL: then everything comes from this very process over loopback. */
  readonly canSimulate: boolean
  open(connection: SimulatedConnection): Promise<Socket>
  close(): Promise<void>
}

/** @throws {LatchkeyError} OPTION_INVALID */
export async function openTarget(given: AppUnderTest | string): Promise<AttackTarget> {
  return typeof given === 'string' ? ofUrl(given) : ofApp(given)
}

function ofUrl(text: string): AttackTarget {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol !== 'http:')
    throw new LatchkeyError('OPTION_INVALID', `attack: got ${JSON.stringify(text)}, expected an app, a server, or a URL such as "http://127.0.0.1:4747"`) // prettier-ignore
  const port = Number(url.port === '' ? 80 : url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { port, canSimulate: false, open: () => opened(port, host), close: () => Promise.resolve() }
}

async function ofApp(app: AppUnderTest): Promise<AttackTarget> {
  const server = serverOf(app)
  const next: { simulation: SimulatedConnection | null } = { simulation: null }
  const front = frontOf(server, () => {
    const { simulation } = next
    next.simulation = null
    return simulation === null ? null : { connection: simulation }
  })
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject)
    front.listen(0, '127.0.0.1', resolve)
  })
  const { port } = front.address() as AddressInfo
  let queue: Promise<unknown> = Promise.resolve()
  /** One at a time, so that each connection is seen as what it was opened for. */
  const open = (simulation: SimulatedConnection): Promise<Socket> => {
    const socket = queue.then(async () => {
      next.simulation = simulation
      const taken = new Promise((resolve) => front.once('connection', resolve))
      const [client] = await Promise.all([opened(port, '127.0.0.1'), taken])
      return client
    })
    queue = socket.catch(() => undefined)
    return socket
  }
  const real = server.listening ? (server.address() as AddressInfo | null)?.port : undefined
  return { port: real ?? port, canSimulate: true, open, close: () => closed(front) }
}

function opened(port: number, host: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host })
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => undefined)
      resolve(socket)
    })
    socket.once('error', reject)
  })
}

function closed(front: Server): Promise<void> {
  return new Promise((resolve) => {
    front.close(() => resolve())
  })
}
