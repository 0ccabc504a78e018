import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { afterEach, expect, jest, test } from '@jest/globals'
import { WebSocketServer } from 'ws'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { listen, stop } from '../gateway/running-gateway.ts'
import { runCli, scratchFolder } from './cli-process.ts'
import { cliInPty, foreignControls } from './pty.ts'
import { servedGateway } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

/** Each moves the cursor, hides, reverses or piles up, on some terminal. */
const HOSTILE = [
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\r',
  '\n',
  '\u202e',
  '\u2067',
  '\u{E0041}\u{E0042}',
  `a${'\u0301'.repeat(50)}`,
  '\ud800',
  '\u009b2J',
  '\u2028',
  '\u0000\u0008\u007f',
].join('x')

const UNSEEN = /[\u202e\u2067\u{E0041}\u009b\u2028]|\u0301{5}/u

let cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.reverse()) await undo()
  cleanUp = []
})

/** Runs it in a pseudo-terminal; the bytes hold nothing that acts on one but our own. */
async function seen(args: readonly string[], typed: string[] = []): Promise<string> {
  const terminal = cliInPty(args)
  for (const text of typed) {
    await terminal.until(/(?:to stop|Type yes): $/)
    terminal.type(text)
  }
  await terminal.exited
  const output = terminal.output()
  expect(foreignControls(output)).toEqual([])
  expect(output).not.toMatch(UNSEEN)
  return output
}

test('names of strangers reach the terminal as text alone', async () => {
  const gateway = await servedGateway()
  cleanUp.push(() => gateway.stop())
  const { url } = gateway.served
  const client = { displayName: `${HOSTILE}\u0430dmin phone` }
  const ask = { url, client, scopes: ['operator.read'] }
  const headers = { 'X-Forwarded-For': '203.0.113.7' }
  await expect(connectGateway({ ...ask, identity: createDeviceIdentity(), headers })).rejects.toThrow(
    /pairing required/,
  )
  const local = await connectGateway({ ...ask, identity: createDeviceIdentity() })
  local.close()

  const requests = await seen(['requests', ...gateway.options])
  expect(requests).toMatch(/beware {4}the name mixes alphabets/)
  expect(requests).toMatch(/device {4}".*phone", key/)
  const devices = await seen(['devices', ...gateway.options])
  expect(devices).toMatch(/\* /)
  for (const line of devices.replaceAll(/\u001b\[\d+m/g, '').split('\r\n'))
    expect(line.length).toBeLessThanOrEqual(80 + 16)
  await seen(['approve', ...gateway.options], ['1\n', 'yes\n'])
  await seen(['devices', '--json', ...gateway.options])
  expect(foreignControls(gateway.served.output())).toEqual([])
})

/** A gateway that says whatever it likes, in every field. */
async function lyingGateway(): Promise<string> {
  const server: Server = createServer()
  const sockets = new WebSocketServer({ server })
  cleanUp.push(() => stop(server))
  const id = 'ab'.repeat(32)
  const texts = {
    displayName: HOSTILE,
    label: HOSTILE,
    clientId: HOSTILE,
    platform: HOSTILE,
    nameWarning: HOSTILE,
  }
  const ask = { role: HOSTILE, scopes: [HOSTILE] }
  const request = {
    ...texts,
    requestId: HOSTILE,
    digest: HOSTILE,
    deviceId: HOSTILE + id,
    roles: [HOSTILE],
    scopes: [HOSTILE],
    asks: [ask],
    remoteIp: HOSTILE,
    reason: HOSTILE,
    locality: { reason: HOSTILE, advice: HOSTILE },
    hasCode: true,
    codeRequired: false,
    verificationCode: HOSTILE,
    secondApproverRequired: true,
    approvedBy: HOSTILE,
    ts: 0,
    expiresAtMs: 9e12,
  }
  const grant = {
    ...ask,
    via: HOSTILE,
    approvedBy: HOSTILE,
    origin: HOSTILE,
    fromAddress: HOSTILE,
    localityReason: HOSTILE,
    grantedAtMs: 0,
  }
  const device = {
    ...texts,
    deviceId: id,
    roles: [HOSTILE],
    scopes: [HOSTILE],
    approvedScopes: [HOSTILE],
    approvedVia: HOSTILE,
    grants: [grant],
    tokens: [{ role: HOSTILE, issuedAtMs: 0 }],
    createdAtMs: 0,
    connected: false,
  }
  const invite = {
    inviteId: HOSTILE,
    asks: [ask],
    label: HOSTILE,
    createdBy: HOSTILE,
    createdAtMs: 0,
    expiresAtMs: 9e12,
    usedBy: HOSTILE,
    usedAtMs: 0,
  }
  const undone = { deviceId: HOSTILE, ...ask, grantedAtMs: 0 }
  const answers: Record<string, unknown> = {
    connect: {
      type: 'hello-ok',
      protocol: 4,
      auth: { role: 'operator', scopes: [] },
      policy: {},
      server: {},
      features: {},
    },
    'device.pair.list': { pending: [request], paired: [device] },
    'device.pair.ignored': {
      ignored: [{ deviceId: HOSTILE, displayName: HOSTILE, ignoredBy: HOSTILE, ignoredAtMs: 0 }],
    },
    'device.pair.rename': { label: HOSTILE },
    'device.token.rotate': { scopes: [HOSTILE] },
    'device.grants.undo': { grants: [undone] },
    'device.invite.list': { invites: [invite] },
    'device.invite.create': { ...invite, bootstrapToken: HOSTILE },
    'device.pair.approve': { requestId: HOSTILE, deviceId: HOSTILE, awaiting: HOSTILE },
    'device.pair.ignore': { deviceId: HOSTILE },
  }
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 1 } }))
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString('utf8')) as { id: string; method: string }
      const payload = answers[frame.method]
      const error = {
        code: HOSTILE,
        message: HOSTILE,
        details: { remediationHint: HOSTILE, locality: { reason: HOSTILE, advice: HOSTILE } },
      }
      socket.send(
        JSON.stringify({
          type: 'res',
          id: frame.id,
          ...(payload === undefined ? { ok: false, error } : { ok: true, payload }),
        }),
      )
      if (frame.method !== 'device.pair.list') return
      socket.send(JSON.stringify({ type: 'event', event: HOSTILE, payload: {} }))
      socket.close(4000, 'x\u009b\u202e')
    })
  })
  return `ws://127.0.0.1:${await listen(server)}/gateway`
}

const KEY = 'abababab'

test.each([
  [['requests']],
  [['devices']],
  [['show', KEY]],
  [['rename', KEY, 'x']],
  [['rotate', KEY, '--role', 'operator']],
  [['revoke', KEY, '--yes']],
  [['undo-silent', '--since', '1h']],
  [['unignore']],
  [['ignore', 'x']],
  [['reject', 'x']],
  [['invites']],
  [['invite']],
  [['approve', 'x', '--digest', 'y']],
  [['open', '--print']],
  [['call', 'x']],
  [['devices', '--json']],
  [['reject', 'x', '--json']],
])('a gateway that lies says nothing to the terminal through %j', async (args) => {
  const scratch = scratchFolder()
  cleanUp.push(scratch.remove)
  const options = ['--url', await lyingGateway(), '--home', path.join(scratch.path, 'home')]
  await seen([...args, ...options])
})

test('nor does one through watch', async () => {
  const scratch = scratchFolder()
  cleanUp.push(scratch.remove)
  const terminal = cliInPty(['watch', '--url', await lyingGateway(), '--home', scratch.path])
  await terminal.until(/connection lost[^]*connected/)
  terminal.type('\u0003')
  expect(await terminal.exited).toBe(0)
  // The terminal itself writes ^C.
  expect(foreignControls(terminal.output())).toEqual([])
})

test('JSON is the same value, though nothing in it acts on a terminal', async () => {
  const scratch = scratchFolder()
  cleanUp.push(scratch.remove)
  const { stdout } = await runCli([
    'invites',
    '--json',
    '--url',
    await lyingGateway(),
    '--home',
    scratch.path,
  ])
  expect(foreignControls(stdout)).toEqual([])
  expect(JSON.parse(stdout)).toMatchObject([{ label: HOSTILE }])
})
