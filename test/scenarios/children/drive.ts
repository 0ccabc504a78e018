// Drives a gateway until it is killed: four workers that pair devices, file, approve, reject, rotate, revoke,
// remove and invite, each with devices of its own. stdin: RoundOrder per line; stdout: DriverLine per line.
import { createInterface } from 'node:readline'
import type { GatewayConnection } from '../../../lib/client/index.ts'
import { latchkeyClient } from '../built-package.ts'
import { carryOut, codeOf, Gone, type Order, type Subject } from '../kill-nine/gateway-actions.ts'
import {
  seeded,
  type Attempt,
  type DriverLine,
  type Operation,
  type Retry,
  type RoundOrder,
} from '../kill-nine/ledger.ts'

const WORKERS = 4
const SCOPES = ['operator.read', 'operator.write', 'operator.talk', 'operator.pairing']
const ownerIdentity = latchkeyClient.createDeviceIdentity()
const say = (line: DriverLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
let addresses = 0
let unanswered: Order[] = []

for await (const line of createInterface({ input: process.stdin }))
  await drive(JSON.parse(line) as RoundOrder)

async function drive({ url, seed }: RoundOrder): Promise<void> {
  const attempts: Attempt[] = []
  const retries: Retry[] = []
  const problems: string[] = []
  const open: Order[] = []

  const perform = async (order: Order, owner: GatewayConnection): Promise<string> => {
    attempts.push(order.attempt)
    open.push(order)
    const outcome = await carryOut(url, owner, order)
    open.splice(open.indexOf(order), 1)
    say({ answered: order.attempt.op })
    return outcome
  }

  try {
    const owner = await connectOwner(url, attempts)
    const again = unanswered
    unanswered = []
    for (const [index, order] of again.entries()) {
      try {
        const retried = { ...order, attempt: anew(order.attempt) }
        const first = await perform(retried, owner)
        const second = await perform({ ...retried, attempt: anew(retried.attempt) }, owner)
        retries.push({ op: order.attempt.op, first, second })
      } catch (error) {
        unanswered = again.slice(index + 1)
        throw error
      }
    }
    const stories = Array.from({ length: WORKERS }, async (_, worker) => {
      const random = seeded(seed * WORKERS + worker)
      const act: Act = async (op, subject, more = {}) => {
        const order = { attempt: attemptOf(op, subject, more), subject, secret: more.secret ?? null }
        await perform(order, owner)
        const { refusal, isAcknowledged } = order.attempt
        if (!isAcknowledged) problems.push(`${op} was refused: ${String(refusal)}`)
        return order
      }
      for (;;) await story(random, act)
    })
    // All of them end with the gateway; the first one says so.
    const settled = await Promise.allSettled(stories)
    for (const one of settled)
      if (one.status === 'rejected' && !(one.reason instanceof Gone)) problems.push(String(one.reason))
  } catch (error) {
    if (!(error instanceof Gone)) problems.push(String(error))
  }
  unanswered.push(...open)
  say({ report: { attempts, retries, problems } })
}

type More = Partial<Pick<Attempt, 'scopes' | 'role' | 'requestId' | 'digest' | 'inviteId'>> & {
  readonly secret?: string | null
}
type Act = (op: Operation, subject: Subject | null, more?: More) => Promise<Order>

/** The life of one device, or of one invitation. */
async function story(random: () => number, act: Act): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const scopes = [pick(SCOPES)]
  const kind = random()
  const local = newSubject(null)
  const remote = newSubject(`198.18.${(addresses >> 8) & 255}.${addresses++ & 255}`)
  if (kind < 0.3) {
    await act('connect', local, { scopes })
    if (random() < 0.5) await act('connect', local, { scopes: [pick(SCOPES)] })
    if (random() < 0.3) await act('connect', local, { role: 'node', scopes: [] })
    await aftermath(random, act, local)
  } else if (kind < 0.75) {
    let request = await act('file', remote, { scopes })
    if (random() < 0.3) request = await act('file', remote, { scopes: [pick(SCOPES), 'operator.more'] })
    const { requestId, digest } = request.attempt
    if (random() < 0.3) await act('reject', remote, { requestId })
    else {
      await act('approve', remote, { requestId, digest })
      await act('connect', remote, { scopes })
      await aftermath(random, act, remote)
    }
  } else {
    const { secret, attempt } = await act('invite', null, { scopes })
    const { inviteId } = attempt
    if (random() < 0.6) {
      await act('redeem', remote, { scopes, secret, inviteId })
      await aftermath(random, act, remote)
    } else if (random() < 0.5) await act('revoke-invite', null, { inviteId })
  }
}

async function aftermath(random: () => number, act: Act, device: Subject): Promise<void> {
  if (random() < 0.3) await act('rename', device)
  if (random() < 0.4) await act('rotate', device)
  const end = random()
  if (end < 0.25) await act('revoke', device)
  else if (end < 0.5) await act('remove', device)
}

function newSubject(from: string | null): Subject {
  return { identity: latchkeyClient.createDeviceIdentity(), from }
}

function attemptOf(op: Operation, subject: Subject | null, more: More): Attempt {
  return {
    op,
    deviceId: subject?.identity.deviceId ?? null,
    role: more.role ?? 'operator',
    scopes: more.scopes ?? [],
    requestId: more.requestId ?? null,
    digest: more.digest ?? null,
    inviteId: more.inviteId ?? null,
    isLocal: subject?.from === null,
    isAcknowledged: false,
    refusal: null,
    tokenHash: null,
    isRetry: false,
  }
}

function anew(attempt: Attempt): Attempt {
  return { ...attempt, isRetry: true, isAcknowledged: false, refusal: null, tokenHash: null }
}

async function connectOwner(url: string, attempts: Attempt[]): Promise<GatewayConnection> {
  const scopes = ['operator.admin']
  const attempt = attemptOf('connect', { identity: ownerIdentity, from: null }, { scopes })
  attempts.push(attempt)
  try {
    const at = { url, identity: ownerIdentity, scopes, timeoutMs: 20_000 }
    const connection = await latchkeyClient.connectGateway(at)
    attempt.isAcknowledged = true
    return connection
  } catch (error) {
    const code = codeOf(error)
    throw code === 'NOT_PAIRED' ? error : new Gone(code)
  }
}
