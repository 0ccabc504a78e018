import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { encode } from 'uqr'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import type { InviteRecord, PairedRecord } from '../../lib/cli/owner-records.ts'
import { cliInPty, foreignControls } from './pty.ts'
import { FAR, servedGateway, type ServedGateway } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

type Made = InviteRecord & { bootstrapToken: string; setupCode: string; link: string }

let gateway: ServedGateway
beforeAll(async () => {
  gateway = await servedGateway()
})
afterAll(() => gateway.stop())

function identity(name: string): string[] {
  return ['--identity', path.join(gateway.folder, `${name}.json`)]
}

function decoded(code: string): unknown {
  return JSON.parse(Buffer.from(code, 'base64url').toString('utf8'))
}

test('a setup code is what clients of the protocol take; the token is in the fragment of the link alone', async () => {
  const made = await gateway.json<Made>('invite', '--public-url', 'wss://gateway.example/my/gateway/')
  expect(decoded(made.setupCode)).toEqual({
    url: 'wss://gateway.example/my/gateway/',
    bootstrapToken: made.bootstrapToken,
  })
  expect(made.bootstrapToken).toMatch(/^[\w-]{43}$/)
  expect(made.link).toBe(`https://gateway.example/my/gateway/console#invite=${made.bootstrapToken}`)
  expect(made.asks).toEqual([{ role: 'operator', scopes: ['operator.read', 'operator.write'] }])
})

test('one device joins with it, and says what it got; the next one is refused', async () => {
  const { setupCode, inviteId } = await gateway.json<Made>(
    'invite',
    '--label',
    'my phone',
    '--scope',
    'operator.read',
  )
  const joined = await gateway.cli('join', setupCode, ...identity('phone'), '--name', 'phone')
  expect(joined).toMatchObject({ code: 0, stderr: '' })
  expect(joined.stdout).toMatch(
    /^Joined ws:[^]*"phone", key[^]*Holds\n {2}operator with operator\.read\n {4}given by key/,
  )
  // Not as a guest of this machine: it may come from elsewhere.
  const far = await gateway.cli('call', 'health', '--scope', 'operator.read', ...FAR, ...identity('phone'))
  expect(far.code).toBe(0)
  const [, key = ''] = /key ((?:[0-9a-f]{4} ?){4})/.exec(joined.stdout) ?? []
  const listed = (await gateway.cli('invites')).stdout
  expect(listed).toMatch(
    new RegExp(
      `Invitation ${inviteId} "my phone"\\n  gives operator with operator.read;[^]*used by key ${key}`,
    ),
  )

  const late = await gateway.cli('join', setupCode, ...identity('late'), '--name', 'late')
  expect([late.code, late.stderr]).toEqual([1, expect.stringMatching(/unknown, used or over/)])
  const used = await gateway.cli('uninvite', inviteId)
  expect([used.code, used.stderr]).toEqual([1, expect.stringMatching(/was used; remove the device/)])
})

test('an invitation counts for a device that was only a guest of this machine', async () => {
  await gateway.cli('call', 'health', '--scope', 'operator.read', ...identity('guest'))
  const { setupCode } = await gateway.json<Made>('invite', '--scope', 'operator.read')
  const { device } = await gateway.json<{ device: PairedRecord }>('join', setupCode, ...identity('guest'))
  expect(device.grants.map((grant) => grant.via).sort()).toEqual(['owner', 'silent'])
})

test('one for another role names that role, and is not lost', async () => {
  const { setupCode, link } = await gateway.json<Made>('invite', '--role', 'node')
  expect(link).toBeNull()
  const text = (await gateway.cli('invite', '--role', 'node')).stdout
  expect(text).toMatch(/latchkey join \S+ --role node\n/)
  expect(text).not.toContain('browser')
  const joined = await gateway.cli('join', setupCode, '--role', 'node', ...identity('node'))
  expect(joined.stdout).toContain('node with no scopes')
})

test('one that was taken back is of no use', async () => {
  const { setupCode, inviteId } = await gateway.json<Made>('invite')
  expect((await gateway.cli('uninvite', inviteId)).stdout).toMatch(/^Taken back/)
  expect((await gateway.cli('join', setupCode, ...identity('uninvited'))).code).toBe(1)
})

test('nobody invites to more than it may give, or for longer than a week', async () => {
  expect(await gateway.cli('invite', '--expires', '8d')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/a week/),
  })
  expect(await gateway.cli('invite', '--expires', 'soon')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/30m, 2h/),
  })
  expect(await gateway.cli('invite', '--role', 'king')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/operator, node/),
  })
  expect(await gateway.cli('invite', '--public-url', 'http://x')).toMatchObject({ code: 2 })
})

test.each(['', 'x', 'e30', Buffer.from('{"url":"http://x","bootstrapToken":"t"}').toString('base64url')])(
  '%j is no setup code',
  async (code) => {
    expect(await gateway.cli('join', code)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no setup code/),
    })
  },
)

/** The modules of a drawn code: true is dark. */
function modulesOf(lines: readonly string[]): boolean[][] {
  return lines.flatMap((line) => [
    Array.from(line, (block) => !'█▀'.includes(block)),
    Array.from(line, (block) => !'█▄'.includes(block)),
  ])
}

test('a terminal shows the link as a QR code, in 80 columns, and nothing else gets one', async () => {
  const terminal = cliInPty(['invite', ...gateway.options], { NO_COLOR: '1' })
  expect(await terminal.exited).toBe(0)
  const output = terminal.output().replaceAll('\r', '')
  expect(foreignControls(output)).toEqual([])
  const [, link = ''] = /(http:\S+#invite=\S+)/.exec(output) ?? []
  const drawn = output.split('\n').filter((line) => /^[█▀▄ ]{20,}$/.test(line))
  const { data } = encode(link, { ecc: 'L', border: 2 })
  expect(modulesOf(drawn).slice(0, data.length)).toEqual(data)

  const ascii = cliInPty(['invite', ...gateway.options], { NO_COLOR: '1', LC_ALL: 'C', LANG: 'C' })
  expect(await ascii.exited).toBe(0)
  const rows = ascii
    .output()
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => /^[# ]{40,}$/.test(line))
  expect(rows.length).toBe(rows[0] === undefined ? 0 : rows[0].length / 2)
  expect(Math.max(...rows.map((row) => row.length))).toBeLessThanOrEqual(80)

  expect((await gateway.cli('invite')).stdout).not.toMatch(/[█▀▄]|##/)
  expect((await gateway.cli('invite', '--qr')).stdout).toMatch(/[█▀▄]|##/)
})

test('a device from elsewhere redeems it once, however many try at the same time', async () => {
  const { bootstrapToken } = await gateway.json<Made>('invite', '--scope', 'operator.read')
  const tries = await Promise.allSettled(
    Array.from({ length: 6 }, () =>
      connectGateway({
        url: gateway.served.url,
        identity: createDeviceIdentity(),
        scopes: ['operator.read'],
        headers: { 'X-Forwarded-For': '203.0.113.7' },
        auth: { bootstrapToken },
      }),
    ),
  )
  const won = tries.filter((each) => each.status === 'fulfilled')
  for (const { value } of won) value.close()
  expect(won).toHaveLength(1)
})
