import path from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import type { PairedRecord } from '../../lib/cli/owner-records.ts'
import { FAR, servedGateway, type ServedGateway } from './served-gateway.ts'

// Each starts several processes, one after the other.
jest.setTimeout(120_000)

let gateway: ServedGateway
beforeAll(async () => {
  gateway = await servedGateway()
})
afterAll(() => gateway.stop())

describe('what waits', () => {
  test('each request shows the key, what it would add, why it waits and the command for exactly that', async () => {
    const request = await gateway.ask('first', '--scope', 'operator.write')
    const { stdout } = await gateway.cli('requests')
    expect(stdout).toMatch(/device {4}"latchkey call", key ([0-9a-f]{4} ?){4}\n/)
    expect(stdout).toContain('adds      the role operator with operator.write')
    expect(stdout).toMatch(/code {6}(shows no code|\d{4}-\d{4}: compare)/)
    expect(stdout).toContain('because   not-paired; from 127.0.0.1 (forwarding-untrusted)')
    expect(stdout).toContain('Do not strip forwarding')
    expect(stdout).toContain(`latchkey approve ${request.requestId} --digest ${request.digest}\n`)
    const long = stdout.split('\n').filter((line) => line.length > 80)
    expect(long).toEqual([expect.stringContaining('latchkey approve')])

    expect((await gateway.cli('approve', request.requestId, '--digest', request.digest)).code).toBe(0)
    await gateway.ask('first', '--scope', 'operator.admin')
    expect((await gateway.cli('requests')).stdout).toContain('adds      operator.admin\n')
    const node = await gateway.ask('first', '--role', 'node', '--scope', 'x.y')
    expect((await gateway.cli('requests')).stdout).toContain('adds      the role node with x.y\n')
    await gateway.cli('reject', node.requestId, '--reason', 'enough')
  })

  test('a part is approved, for a time', async () => {
    const { requestId, digest, deviceId } = await gateway.ask('part', '--scope', 'operator.admin')
    const args = ['--digest', digest, '--scope', 'operator.read', '--expires', '2h']
    const { stdout, code } = await gateway.cli('approve', requestId, ...args)
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Approved.* operator with operator\.read; it ends 20/),
    ])
    const shown = (await gateway.cli('show', deviceId.slice(0, 8))).stdout
    expect(shown).toContain('operator with operator.read\n')
    expect(shown).toMatch(/given by key ([0-9a-f]{4} ?){4}, .*, ends in 2 h/)
    expect((await gateway.cli('devices')).stdout).toMatch(/owner \d+ s +2 h/)
  })

  test('without a terminal nothing is chosen for anybody', async () => {
    await gateway.ask('only')
    const result = await gateway.cli('approve')
    expect([result.code, result.stderr]).toEqual([2, expect.stringMatching(/needs a terminal/)])
    expect(await gateway.json<unknown[]>('requests')).toHaveLength(1)
  })

  test('an ignored key is heard of no more, until it is taken back', async () => {
    const { requestId, deviceId } = await gateway.ask('pest')
    const said = (await gateway.cli('ignore', requestId)).stdout
    const key = /unignore '([0-9a-f ]+)'/.exec(said)?.[1] ?? ''
    const call = await gateway.cli(
      'call',
      'health',
      ...FAR,
      '--identity',
      path.join(gateway.folder, 'pest.json'),
    )
    expect(call.code).toBe(3)
    expect((await gateway.cli('requests')).stdout).not.toContain(key)
    expect((await gateway.cli('unignore')).stdout).toMatch(
      /"latchkey call", key .*: ignored \d+ s ago by key/,
    )
    expect((await gateway.cli('unignore', key)).stdout).toBe('It may ask again.\n')
    expect((await gateway.ask('pest')).deviceId).toBe(deviceId)
  })
})

describe('who is paired', () => {
  let device: PairedRecord
  let key: string
  beforeAll(async () => {
    const request = await gateway.ask('tablet', '--scope', 'operator.write')
    await gateway.cli('approve', request.requestId, '--digest', request.digest)
    // Its first token comes with its first connection.
    const identity = ['--identity', path.join(gateway.folder, 'tablet.json')]
    await gateway.cli('call', 'health', ...FAR, ...identity, '--scope', 'operator.write')
    device = await gateway.deviceOf(request)
    key = device.deviceId.slice(0, 16).replaceAll(/(.{4})(?=.)/g, '$1 ')
  })

  test('gets a name of yours, by the key as it is printed', async () => {
    const { stdout } = await gateway.cli('rename', key, 'kitchen tablet')
    expect(stdout).toBe(`Key ${key} is now called "kitchen tablet".\n`)
    const shown = (await gateway.cli('show', key)).stdout
    expect(shown).toContain(`"kitchen tablet", key ${key}\n`)
    expect(shown).toContain(`id        ${device.deviceId}\n`)
    expect(shown).toContain('name      given by you')
    expect((await gateway.cli('devices')).stdout).toMatch(/^KEY +NAME +ROLES +APPROVED +ENDS +TOKENS +SEEN\n/)
  })

  test('names are no keys, short ones neither, and unknown ones are said', async () => {
    for (const given of ['kitchen tablet', device.deviceId.slice(0, 7), `${key}zz`]) {
      const result = await gateway.cli('revoke', given, '--yes')
      expect([result.code, result.stderr]).toEqual([1, expect.stringMatching(/names no device/)])
    }
    const unknown = await gateway.cli('show', 'f'.repeat(64))
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/no paired device has a key/)])
  })

  test('has its token replaced, and is cut down', async () => {
    const rotated = await gateway.cli('rotate', key, '--role', 'operator')
    expect(rotated.stdout).toMatch(/gets a new token when it next connects[^]*holds operator\.write\.\n$/)
    await gateway.cli('rotate', key, '--role', 'operator', '--scope', 'operator.read')
    const far = [...FAR, '--identity', path.join(gateway.folder, 'tablet.json'), '--scope']
    expect((await gateway.cli('call', 'health', ...far, 'operator.read')).code).toBe(0)
    expect((await gateway.cli('call', 'health', ...far, 'operator.write')).code).toBe(3)
    const beyond = await gateway.cli('rotate', key, '--role', 'operator', '--scope', 'operator.admin')
    expect([beyond.code, beyond.stderr]).toEqual([1, expect.stringMatching(/does not hold operator\.admin/)])
  })

  test('loses a role, and is removed only when that was meant', async () => {
    expect((await gateway.cli('revoke', key, '--role', 'operator')).stdout).toBe(
      `Key ${key} no longer has the role operator.\n`,
    )
    expect((await gateway.cli('show', key)).stdout).toMatch(/Holds\n {2}nothing[^]*revoked\s+20/)
    const unsure = await gateway.cli('revoke', key)
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringMatching(/Say --yes/)])
    expect((await gateway.cli('show', key)).code).toBe(0)
    expect((await gateway.cli('revoke', key, '--yes')).stdout).toBe(`Removed key ${key}.\n`)
    expect((await gateway.cli('show', key)).code).toBe(1)
  })

  test('what came silently is taken back and listed, what an owner approved stays', async () => {
    await gateway.cli('call', 'health', '--scope', 'operator.read')
    const before = await gateway.json<PairedRecord[]>('devices')
    const owned = before.filter((each) => each.approvedVia === 'owner')
    const { code, stdout } = await gateway.cli('undo-silent', '--since', '2h')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Taken back:\nKEY +ROLE +GRANTED +SCOPES\n[^]*operator\.read/)
    const after = await gateway.json<PairedRecord[]>('devices')
    expect(after.filter((each) => each.approvedVia === 'owner')).toHaveLength(owned.length)
    expect(after.filter((each) => each.grants.some((grant) => grant.via === 'silent'))).toHaveLength(1)
    const unclear = await gateway.cli('undo-silent', '--since', 'yesterday')
    expect([unclear.code, unclear.stderr]).toEqual([2, expect.stringMatching(/such as 2h or 2026/)])
  })
})
