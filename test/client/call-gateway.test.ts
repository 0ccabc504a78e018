import { spawn } from 'node:child_process'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import {
  callGateway,
  createDeviceIdentity,
  PairingRequiredError,
  type CallOptions,
} from '../../lib/client/index.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { scriptedGateway, type ScriptedGateway, type Visitor } from './scripted-gateway.ts'
import { challenge, newExchange, ownersCode, refuseForPairing } from './verifying-gateway.ts'

const identity = createDeviceIdentity()
const FAR = { headers: { 'X-Forwarded-For': '203.0.113.9' } }

let running: RunningGateway | ScriptedGateway
afterEach(() => running.close())

async function callTo(script: (visitor: Visitor) => unknown, more: Partial<CallOptions>): Promise<unknown> {
  running = await scriptedGateway(script)
  return callGateway({ url: running.url, identity, method: 'health', ...more })
}

/** Refuses until the given visit, then lets in and answers. */
const approvedAt =
  (visit: number) =>
  async (visitor: Visitor): Promise<void> => {
    if (visitor.number >= visit) {
      await visitor.admit()
      visitor.answer((await visitor.next()).id, 'done')
      return
    }
    const exchange = newExchange(`request-${visitor.number}`)
    const { id } = await challenge(visitor, exchange)
    refuseForPairing(visitor, id, exchange)
  }

describe('waiting for the owner', () => {
  test('is not done unless it was asked for', async () => {
    await expect(callTo(approvedAt(2), {})).rejects.toBeInstanceOf(PairingRequiredError)
  })

  test('ends with the answer once it is approved; each changed request is told', async () => {
    const told: (string | undefined)[] = []
    const answer = await callTo(approvedAt(3), {
      waitForApprovalMs: 20_000,
      onPairingRequired: ({ requestId }) => told.push(requestId),
    })
    expect(answer).toBe('done')
    expect(told).toEqual(['request-1', 'request-2'])
  })

  test('tells an unchanged request once', async () => {
    const exchange = newExchange('request-1')
    const told: (string | undefined)[] = []
    const answer = await callTo(
      async (visitor) => {
        if (visitor.number > 3) return approvedAt(1)(visitor)
        const { id } = await challenge(visitor, visitor.number === 1 ? exchange : newExchange('unused'))
        refuseForPairing(visitor, id, exchange)
      },
      { waitForApprovalMs: 20_000, onPairingRequired: (error) => told.push(error.verificationCode) },
    )
    expect(answer).toBe('done')
    expect(told).toEqual([ownersCode(exchange)])
  })

  test('throws the last refusal when the time is over', async () => {
    const call = callTo(approvedAt(99), { waitForApprovalMs: 400 })
    await expect(call).rejects.toMatchObject({ code: 'NOT_PAIRED', requestId: 'request-3' })
  })

  test('outlasts a gateway that restarts meanwhile', async () => {
    const answer = await callTo(
      (visitor) => (visitor.number === 2 ? visitor.socket.close(1012, 'restart') : approvedAt(3)(visitor)),
      { waitForApprovalMs: 20_000 },
    )
    expect(answer).toBe('done')
  })

  test('ends with the signal, in the middle of a pause', async () => {
    const aborting = new AbortController()
    const call = callTo(approvedAt(99), {
      waitForApprovalMs: 60_000,
      signal: aborting.signal,
      onPairingRequired: () => setTimeout(() => aborting.abort(new Error('enough')), 20),
    })
    await expect(call).rejects.toThrow('enough')
  })

  test('does not send a request again that may have been carried out', async () => {
    let requests = 0
    const call = callTo(
      async (visitor) => {
        if (visitor.number === 1) return approvedAt(2)(visitor)
        await visitor.admit()
        await visitor.next()
        requests += 1
        visitor.socket.close(1012, 'restart')
      },
      { waitForApprovalMs: 20_000 },
    )
    await expect(call).rejects.toMatchObject({ code: 'CLOSED' })
    expect(requests).toBe(1)
  })

  test('at a real gateway, whose owner approves', async () => {
    const gateway = await runGateway()
    running = gateway
    const owner = { url: gateway.url, identity: createDeviceIdentity(), scopes: ['operator.admin'] }
    const answer = await callGateway({
      url: gateway.url,
      identity,
      method: 'health',
      ...FAR,
      waitForApprovalMs: 20_000,
      onPairingRequired: ({ requestId, digest }) => {
        void callGateway({ ...owner, method: 'device.pair.approve', params: { requestId, digest } })
      },
    })
    expect(answer).toMatchObject({ ok: true })
  })
})

describe('nothing is left behind', () => {
  /** Runs one call in a process of its own, which has to end by itself. */
  function callInChild(url: string, more: object = {}): Promise<{ code: number | null; output: string }> {
    const file = path.resolve(import.meta.dirname, 'children/one-call.ts')
    const child = spawn(process.execPath, [file, url, JSON.stringify(more)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
  }

  test.each<[string, (visitor: Visitor) => unknown, object, string]>([
    ['an answer', approvedAt(1), {}, 'done'],
    ['a refusal', approvedAt(99), {}, 'NOT_PAIRED'],
    ['a gateway that never challenges', () => undefined, { timeoutMs: 300 }, 'TIMEOUT'],
    ['a gateway that never answers', (visitor) => visitor.admit(), { timeoutMs: 300 }, 'TIMEOUT'],
    ['garbage', ({ socket }) => socket.send('x'), {}, 'REFUSED'],
    ['one that lets in and does not let go', async (visitor) => {
      await approvedAt(1)(visitor)
      visitor.socket.pause()
    }, {}, 'done'],
    ['a wait that is over', approvedAt(99), { waitForApprovalMs: 300 }, 'NOT_PAIRED'],
  ])('after %s', async (_what, script, more, said) => {
    running = await scriptedGateway(script)
    // The limits are larger than the time in which a process that has nothing left to do ends.
    const { code, output } = await callInChild(running.url, { timeoutMs: 120_000, ...more })
    expect({ code, output: output.trim() }).toEqual({ code: 0, output: said })
  }) // prettier-ignore

  test('after no gateway at all', async () => {
    running = await scriptedGateway(() => undefined)
    const { url } = running
    await running.close()
    expect(await callInChild(url)).toEqual({ code: 0, output: 'GATEWAY_UNREACHABLE\n' })
    running = await scriptedGateway(() => undefined)
  })
})
