import { afterEach, expect, jest, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity, type GatewayConnection } from '../../lib/client/index.ts'
import type { PairedRecord } from '../../lib/cli/owner-records.ts'
import { scratchFolder, serve, runCli, type Served } from './cli-process.ts'
import { FAR, servedGateway, type ServedGateway } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

const REMOTE = { 'X-Forwarded-For': '203.0.113.7' }

let cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.reverse()) await undo()
  cleanUp = []
})

function tokenIn({ output }: Pick<Served, 'output'>): string {
  return /\/gateway\/console#invite=([\w-]+)/.exec(output())?.[1] ?? ''
}

async function start(...more: string[]): Promise<ServedGateway> {
  const gateway = await servedGateway(...more)
  cleanUp.push(() => gateway.stop())
  return gateway
}

/** Somebody on another machine who wants to be the owner. */
async function come(url: string, bootstrapToken?: string): Promise<GatewayConnection> {
  const auth = bootstrapToken === undefined ? {} : { auth: { bootstrapToken } }
  const identity = createDeviceIdentity()
  const connection = await connectGateway({
    url,
    identity,
    scopes: ['operator.admin'],
    headers: REMOTE,
    ...auth,
  })
  cleanUp.push(() => connection.close())
  return connection
}

test('a remote first-comer without the link waits, whatever it says, and cannot let itself in', async () => {
  const { served, cli, json } = await start()
  await expect(come(served.url)).rejects.toMatchObject({ code: 'NOT_PAIRED' })
  await expect(come(served.url, 'A'.repeat(43))).rejects.toThrow(/unknown, used or over/)
  // The command line of a stranger: even the owner's own commands only wait.
  const stranger = await cli('call', 'device.pair.list', '{}', '--scope', 'operator.admin', ...FAR)
  expect(stranger.code).toBe(3)
  expect((await json<PairedRecord[]>('devices')).filter((device) => device.approvedVia === 'owner')).toEqual(
    [],
  )
})

test('the link makes the one who opens it first the owner, once', async () => {
  const { served, json } = await start()
  const token = await linkOf(served)
  const owner = await come(served.url, token)
  expect(owner.hello.auth.scopes).toEqual(['operator.admin'])
  await expect(owner.request('device.pair.list', {})).resolves.toMatchObject({ pending: [] })
  await expect(come(served.url, token)).rejects.toThrow(/unknown, used or over/)
  const owners = (await json<PairedRecord[]>('devices')).filter((device) => device.approvedVia === 'owner')
  expect(owners).toHaveLength(1)
})

test('of two links that are used at once, one wins; with an owner there are no more links', async () => {
  const scratch = scratchFolder()
  cleanUp.push(scratch.remove)
  const first = await serve(scratch.path)
  const one = await linkOf(first)
  await first.stop()
  const second = await serve(scratch.path)
  const two = await linkOf(second)
  const tokens = [one, two]
  expect(new Set(tokens).size).toBe(2)
  const tries = await Promise.allSettled([...tokens, ...tokens].map((token) => come(second.url, token)))
  expect(tries.filter((each) => each.status === 'fulfilled')).toHaveLength(1)
  await second.stop()

  const third = await serve(scratch.path)
  await runCli(['call', 'health', '--url', third.url, '--home', scratch.path])
  expect(third.output()).toMatch(/Paired \(silent\)/)
  expect(tokenIn(third)).toBe('')
  await third.stop()
})

test('an owner who approved on this machine ends the link', async () => {
  const { served, ask, cli } = await start()
  const token = await linkOf(served)
  const { requestId, digest } = await ask('friend')
  expect((await cli('approve', requestId, '--digest', digest)).code).toBe(0)
  await expect(come(served.url, token)).rejects.toThrow(/unknown, used or over/)
})

test('the public address goes into the link and a setup code; the link can be left out', async () => {
  const { served } = await start('--public-url', 'wss://gateway.example/gateway')
  await linkOf(served)
  expect(served.output()).toContain('  https://gateway.example/gateway/console#invite=')
  const [, code = ''] = /latchkey join (\S+)/.exec(served.output()) ?? []
  expect(JSON.parse(Buffer.from(code, 'base64url').toString())).toMatchObject({
    url: 'wss://gateway.example/gateway',
  })
  const quiet = await start('--no-owner-link')
  await quiet.cli('devices')
  expect(quiet.served.output()).not.toContain('#invite=')
})

/** The token of the link, which is printed right after the port. */
async function linkOf(served: Served): Promise<string> {
  while (tokenIn(served) === '') await new Promise((resolve) => setTimeout(resolve, 10))
  return tokenIn(served)
}
