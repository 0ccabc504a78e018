import { afterEach, expect, jest, test } from '@jest/globals'
import path from 'node:path'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import type { PendingRecord } from '../../lib/cli/owner-records.ts'
import type { GatewayOptions } from '../../lib/index.ts'
import { FORWARDED, signedConnect } from '../gateway/signed-connect.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { runGateway, type RunningGateway } from '../gateway/running-gateway.ts'
import { runCli, scratchFolder, type CliResult } from './cli-process.ts'
import { cliInPty, type PtySession } from './pty.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

let gateway: RunningGateway
let codes: Map<string, string>
let scratch: ReturnType<typeof scratchFolder>
afterEach(async () => {
  await gateway.close()
  scratch.remove()
})

async function start(approval: NonNullable<GatewayOptions['approval']>): Promise<void> {
  scratch = scratchFolder()
  codes = new Map()
  gateway = await runGateway({
    approval,
    onEvent: (event) => {
      // What the device would show: nobody else is told a code that has to be typed.
      if (event.kind === 'requested') codes.set(event.request.id, event.request.verification?.code ?? '')
    },
  })
}

function args(owner: string, ...rest: string[]): string[] {
  return [...rest, '--url', gateway.url, '--home', path.join(scratch.path, owner)]
}

function cli(...rest: string[]): Promise<CliResult> {
  return runCli(args('home', ...rest))
}

async function ask(hasCode: boolean, displayName = 'phone'): Promise<PendingRecord> {
  const client = new RawClient(gateway.url, FORWARDED)
  const identity = createDeviceIdentity()
  const params = signedConnect(identity, await client.challenge(), {
    scopes: ['operator.admin'],
    client: { displayName },
  })
  const nonce = Buffer.alloc(32, 7).toString('base64url')
  await client.request('connect', { ...params, ...(hasCode ? { verification: { nonce } } : {}) })
  const pending = JSON.parse((await cli('requests', '--json')).stdout) as PendingRecord[]
  const found = pending.find((request) => request.deviceId === identity.deviceId)
  if (found === undefined) throw new Error('nothing is waiting')
  return found
}

test('a code to compare is shown', async () => {
  await start({})
  const { requestId } = await ask(true)
  const code = codes.get(requestId) ?? ''
  expect(code).toMatch(/^\d{4}-\d{4}$/)
  expect((await cli('requests')).stdout).toContain(
    `code      ${code}: compare it with the one that the device shows`,
  )
})

test('a code to type is not shown; a wrong one ends with 4 and says what is left; the third ends the request', async () => {
  await start({ codeFor: ['operator.admin'] })
  const { requestId, digest } = await ask(true)
  const code = codes.get(requestId) ?? ''
  const { stdout } = await cli('requests')
  expect(stdout).toContain('code      needs the code that the device shows: --code')
  expect(stdout).toContain(`--digest ${digest} --code <code>`)
  expect(stdout).not.toContain(code)

  const approve = (...more: string[]) => cli('approve', requestId, '--digest', digest, ...more)
  expect(await approve()).toMatchObject({ code: 1, stderr: expect.stringMatching(/needs the code/) })
  const wrong = code.endsWith('0') ? '1111-1111' : '0000-0000'
  expect(await approve('--code', wrong)).toMatchObject({ code: 4, stderr: expect.stringMatching(/2 more/) })
  const asJson = JSON.parse((await approve('--code', wrong, '--json')).stdout) as object
  expect(asJson).toMatchObject({
    error: { code: 'FORBIDDEN', details: { code: 'WRONG_CODE', attemptsLeft: 1 } },
  })
  expect(await approve('--code', wrong)).toMatchObject({ code: 4, stderr: expect.stringMatching(/rejected/) })
  expect((await approve('--code', code)).code).not.toBe(0)
})

test('the right code approves, with or without its dash', async () => {
  await start({ codeFor: ['operator.admin'] })
  const { requestId, digest } = await ask(true)
  const code = (codes.get(requestId) ?? '').replace('-', '')
  expect(await cli('approve', requestId, '--digest', digest, '--code', code)).toMatchObject({
    code: 0,
    stderr: '',
  })
})

test('a device without a code takes the word of the approver', async () => {
  await start({ codeFor: ['operator.admin'] })
  const { requestId, digest } = await ask(false)
  expect((await cli('requests')).stdout).toMatch(
    /shows no code \(an older client\): compare[^]*--without-code\n/,
  )
  expect((await cli('approve', requestId, '--digest', digest)).code).toBe(4)
  expect((await cli('approve', requestId, '--digest', digest, '--without-code')).code).toBe(0)
})

test('two approvers: the first is told that it is half done, the second sees who was first', async () => {
  await start({ secondApproverFor: ['operator.admin'] })
  // One of the two has to be somebody whom an owner approved.
  const invited = await gateway.gateway.invite({ scopes: ['operator.admin'] })
  const setup = { url: gateway.url, bootstrapToken: invited.bootstrapToken }
  const code = Buffer.from(JSON.stringify(setup)).toString('base64url')
  await runCli(
    args(
      'home',
      'join',
      code,
      '--identity',
      path.join(scratch.path, 'home', 'owner.json'),
      '--scope',
      'operator.admin',
    ),
  )
  const { requestId, digest } = await ask(true)
  expect((await cli('requests')).stdout).toContain(
    'approver  needs two approvers; nobody has approved it yet',
  )
  const first = await cli('approve', requestId, '--digest', digest)
  expect(first).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Half approved: key .* another approver/),
  })
  expect((await cli('requests')).stdout).toMatch(
    /approved by key ([0-9a-f]{4} ?){4}, and waits\n +for another/,
  )
  const second = await runCli(args('second', 'approve', requestId, '--digest', digest))
  expect(second.stdout).toMatch(/^Approved\./)
})

function atTerminal(...rest: string[]): PtySession {
  return cliInPty(args('home', ...rest))
}

test('at a terminal: choose by number, see, type the code, say yes', async () => {
  await start({ codeFor: ['operator.admin'] })
  await ask(true, 'first')
  const chosen = await ask(true, 'second')
  const code = codes.get(chosen.requestId) ?? ''
  const terminal = atTerminal('approve')
  await terminal.until(/1 to 2, nothing to stop: $/)
  terminal.type('3\n')
  await terminal.until(/There is no such number\.[^]*to stop: $/)
  const number = /(\d) {2}"second", key/.exec(terminal.output())?.[1] ?? ''
  terminal.type(`${number}\n`)
  await terminal.until(/adds {6}the role operator with operator\.admin[^]*The code that the device shows: $/)
  terminal.type('12\n')
  await terminal.until(/Expected eight digits[^]*shows: $/)
  terminal.type('0000-0001\n')
  await terminal.until(/Approve "second", key .*\? Type yes: $/)
  terminal.type('yes\n')
  await terminal.until(/Not approved: [^]*2 more[^]*shows: $/)
  terminal.type(`${code}\n`)
  await terminal.until(/Not approved[^]*Type yes: $/)
  terminal.type('yes\n')
  expect(await terminal.exited).toBe(0)
  expect(terminal.output()).toMatch(/Approved\. The device may now connect as operator with operator\.admin/)
  expect(JSON.parse((await cli('requests', '--json')).stdout)).toHaveLength(1)
})

test.each<[string, string, number]>([
  ['nothing', '\n', 1],
  ['y', '1\ny\n', 1],
  ['the end of input', '\u0004', 1],
  ['Ctrl-C', '\u0003', 130],
])('at a terminal, %s approves nothing', async (_title, typed, code) => {
  await start({})
  await ask(true)
  const terminal = atTerminal('approve')
  await terminal.until(/to stop: $/)
  terminal.type(typed)
  expect(await terminal.exited).toBe(code)
  expect(JSON.parse((await cli('requests', '--json')).stdout)).toHaveLength(1)
})
