import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { callGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import {
  createGateway,
  memoryStore,
  sqliteStore,
  type Gateway,
  type LocalityVerdict,
  type PeerEvidence,
} from '../../lib/index.ts'
import { runGateway, stop, until, type RunningGateway } from './running-gateway.ts'

const FORWARDED = { 'X-Forwarded-For': '203.0.113.7' }
const clean: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo()
})

/** A gateway whose clients belong to the process `holder.pid`, as far as the kernel says. */
async function start(): Promise<{
  running: RunningGateway
  holder: { pid: number; startTime: string; sign?: string }
}> {
  const holder: { pid: number; startTime: string; sign?: string } = {
    pid: 1_000_000 + clean.length,
    startTime: String(Math.random()),
  }
  const lookup = (): Promise<PeerEvidence> => {
    const { pid, startTime, sign } = holder
    return Promise.resolve({
      status: 'same-user',
      holders: [{ pid, startTime }],
      ...(sign === undefined ? {} : { sign }),
    })
  }
  const running = await runGateway({
    localSecret: false,
    peerLookup: { name: 'fixed', lookup, close: () => Promise.resolve() },
  })
  clean.push(() => running.close())
  return { running, holder }
}

function reasonOf(url: string, headers: Record<string, string> = {}): Promise<string> {
  return callGateway({
    url,
    headers,
    identity: createDeviceIdentity(),
    method: 'health',
    timeoutMs: 5000,
  }).then(
    () => 'local',
    (error: unknown) => {
      const { details } = error as { details?: { locality?: { reason?: string } } }
      return details?.locality?.reason ?? 'failed'
    },
  )
}

describe('a process that was seen to speak for others', () => {
  test('is not local any more when it speaks for itself; another process is', async () => {
    const { running, holder } = await start()
    expect(await reasonOf(running.url)).toBe('local')
    expect(await reasonOf(running.url, FORWARDED)).toBe('forwarding-untrusted')
    await until(async () => (await reasonOf(running.url)) === 'proxy-seen')
    holder.pid += 1
    expect(await reasonOf(running.url)).toBe('local')
    holder.pid -= 1
    holder.startTime = 'later'
    expect(await reasonOf(running.url)).toBe('local')
  })

  test('taints its connection at once: a keep-alive connection carries many clients', async () => {
    const { running } = await start()
    const server = createServer()
    const { localClient } = await import('../../lib/index.ts')
    const { default: express } = await import('express')
    const app = express()
    app.use('/gateway', running.gateway.routes(), localClient())
    server.on('request', app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    clean.push(() => stop(server))
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const { port } = server.address() as { port: number }
    const ask = (headers: Record<string, string>): Promise<LocalityVerdict> =>
      new Promise((resolve, reject) => {
        get({ port, host: '127.0.0.1', path: '/gateway/whoami', agent, headers }, (response) => {
          let body = ''
          response.on('data', (chunk: Buffer) => (body += chunk.toString()))
          response.on('end', () => resolve(JSON.parse(body) as LocalityVerdict))
        }).on('error', reject)
      })
    expect((await ask({})).reason).toBe('local')
    expect((await ask(FORWARDED)).reason).toBe('forwarding-untrusted')
    expect((await ask({})).reason).toBe('proxy-seen')
    agent.destroy()
  })

  test('is never this very process: a test that plays a proxy is none', async () => {
    const { running, holder } = await start()
    holder.sign = 'own-process'
    expect(await reasonOf(running.url, FORWARDED)).toBe('forwarding-untrusted')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await reasonOf(running.url)).toBe('local')
  })
})

describe('a gateway whose public address was seen to look local', () => {
  async function gatewayOn(
    file: string,
  ): Promise<{ gateway: Gateway; url: string; close: () => Promise<void> }> {
    const running = await runGateway({ store: await sqliteStore(file) })
    return { gateway: running.gateway, url: running.url, close: () => running.close() }
  }
  const admin = (url: string, method: string, params: unknown = {}): Promise<unknown> =>
    callGateway({
      url,
      identity: createDeviceIdentity(),
      scopes: ['operator.admin'],
      method,
      params,
      timeoutMs: 5000,
    })

  test('asks for more than the kernel, over a restart too, until the taint is cleared', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-taint-'))
    clean.push(async () => {
      rmSync(folder, { recursive: true })
      await Promise.resolve()
    })
    const file = path.join(folder, 'latchkey.db')
    let run = await gatewayOn(file)
    // Latchkey's own client proves itself with the secret; this one does not.
    const plain = (): Promise<string> => {
      const elsewhere = path.join(folder, 'elsewhere')
      const before = process.env.LATCHKEY_HOME
      process.env.LATCHKEY_HOME = elsewhere
      return reasonOf(run.url).finally(() => {
        process.env.LATCHKEY_HOME = before
      })
    }
    expect(await plain()).toBe('local')
    expect(await admin(run.url, 'locality.taint.set', { why: 'the probe looked local' })).toMatchObject({
      taint: { why: 'the probe looked local' },
    })
    expect(await plain()).toBe('proxy-seen')
    expect(await reasonOf(run.url)).toBe('local')
    await run.close()
    run = await gatewayOn(file)
    expect(await plain()).toBe('proxy-seen')
    expect(await admin(run.url, 'locality.taint.get')).toMatchObject({
      taint: { why: 'the probe looked local' },
    })
    expect(await admin(run.url, 'doctor.report')).toMatchObject({
      taint: { why: 'the probe looked local' },
      trustProxy: [],
    })
    await admin(run.url, 'locality.taint.clear')
    expect(await plain()).toBe('local')
    await run.close()
    run = await gatewayOn(file)
    expect(await plain()).toBe('local')
    await run.close()
  })

  test('is tainted and explained by administrators alone', async () => {
    const running = await runGateway()
    clean.push(() => running.close())
    for (const method of [
      'locality.taint.set',
      'locality.taint.get',
      'locality.taint.clear',
      'locality.explain',
      'doctor.report',
      'doctor.findings.set',
      'doctor.findings.get',
    ]) {
      const call = callGateway({
        url: running.url,
        identity: createDeviceIdentity(),
        scopes: ['operator.pairing'],
        method,
        timeoutMs: 5000,
      })
      await expect(call).rejects.toMatchObject({ code: 'FORBIDDEN' })
    }
  })

  test('explains a live connection by its id', async () => {
    const running = await runGateway()
    clean.push(() => running.close())
    running.gateway.method('me', { scope: null }, ({ connId }) => connId)
    const { connectGateway } = await import('../../lib/client/index.ts')
    const connection = await connectGateway({ url: running.url, identity: createDeviceIdentity() })
    const connId = await connection.request('me')
    expect(await admin(running.url, 'locality.explain', { connId })).toMatchObject({
      connId,
      verdict: { isLocal: true, trace: expect.any(Array) },
    })
    await expect(admin(running.url, 'locality.explain', { connId: 'x' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    connection.close()
  })
})

test('a store that cannot say whether there is a taint stops the start', async () => {
  const store = memoryStore()
  const broken = { ...store, transaction: () => Promise.reject(new Error('no')) }
  await expect(createGateway({ store: broken })).rejects.toThrow('no')
})
