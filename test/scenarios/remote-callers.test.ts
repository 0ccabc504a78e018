import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { describeWith } from '../proxies/required-programs.ts'
import { runProbes } from '../proxies/probes.ts'
import { startRemoteApp, waitingRequest, type RemoteApp } from './remote-app.ts'
import { storedPairings } from './stored-pairings.ts'
import { summaries, type ToolCall } from './tool-process.ts'

// Dozens of processes are started.
jest.setTimeout(180_000)

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

const CALLERS: readonly { readonly title: string; readonly call: ToolCall }[] = [
  { title: 'a reader', call: { scopes: ['operator.read'], method: 'notes.list' } },
  { title: 'an agent', call: { scopes: ['operator.write'], method: 'agent' } },
  { title: 'a session patcher', call: { scopes: ['operator.admin'], method: 'sessions.patch' } },
  {
    title: 'a pairing tool',
    call: { scopes: ['operator.pairing'], method: 'device.pair.list', params: {} },
  },
  { title: "a caller with the app's own scope", call: { scopes: ['photos.read'], method: 'photos.list' } },
  { title: 'a node', call: { role: 'node', scopes: [], method: 'whoami' } },
]

describeWith(['nginx', 'second host'], 'from a second host, through nginx with the right recipe', () => {
  let remote: RemoteApp
  beforeAll(async () => {
    remote = await startRemoteApp()
  })
  afterAll(async () => {
    await (remote as RemoteApp | undefined)?.stop()
  })

  async function approve(request: { requestId: string; digest: string }): Promise<void> {
    const approved = await remote.cli('approve', request.requestId, '--digest', request.digest)
    expect([approved.code, approved.stderr]).toEqual([0, ''])
  }

  const silentGrantsOf = (deviceId: string): number =>
    storedPairings(remote.folder).grants.filter(
      (grant) => grant.deviceId === deviceId && grant.via === 'silent',
    ).length

  test.each(CALLERS)('$title waits for its approval, and then gets in', async ({ title, call }) => {
    const refused = await remote.visit(title, [call])
    expect(refused.outcomes).toMatchObject([
      {
        code: 'NOT_PAIRED',
        message: expect.stringMatching(/^pairing required/),
        details: {
          code: 'PAIRING_REQUIRED',
          reason: 'not-paired',
          requestId: expect.stringMatching(REQUEST_ID),
        },
      },
    ])
    await approve(waitingRequest(refused))
    expect(summaries(await remote.visit(title, [call, call]))).toEqual(['answered', 'answered'])
    expect(silentGrantsOf(refused.deviceId)).toBe(0)
  })

  test('the connection is closed with 1008 "pairing required" and the id of the request', async () => {
    const at = { host: remote.second.nearAddress, port: remote.publicPort }
    const results = await runProbes([{ name: 'wire', kind: 'wire', ...at }], remote.second.prefix)
    const { connect } = results.get('wire') ?? {}
    if (connect?.isPaired !== false) throw new Error('it was not refused')
    const { code, closeCode, closeReason, requestId = 'none' } = connect
    expect([code, closeCode]).toEqual(['NOT_PAIRED', 1008])
    expect(closeReason).toMatch(/^pairing required/)
    expect(closeReason).toContain(requestId)
  })

  test('one identity with a scope per call is asked about once per scope, and never let in silently', async () => {
    const name = 'one identity'
    const scopes = ['operator.read', 'operator.write', 'photos.read', 'operator.admin']
    const reasons: unknown[] = []
    for (const scope of scopes) {
      const call = { scopes: [scope], method: 'whoami' }
      const refused = await remote.visit(name, [call])
      reasons.push(...summaries(refused))
      await approve(waitingRequest(refused))
      const [answered] = (await remote.visit(name, [call])).outcomes
      expect(answered).toMatchObject({ ok: true, answer: { scopes: [scope] } })
    }
    expect(reasons).toEqual([
      'NOT_PAIRED not-paired',
      'NOT_PAIRED scope-upgrade',
      'NOT_PAIRED scope-upgrade',
      'NOT_PAIRED scope-upgrade',
    ])
  })

  test('one approval takes in the node and the operator role that a device waits for', async () => {
    const operator: ToolCall = { scopes: ['operator.read'], method: 'whoami' }
    const node: ToolCall = { role: 'node', scopes: ['camera.look'], method: 'whoami' }
    const first = waitingRequest(await remote.visit('both', [operator]))
    const refused = await remote.visit('both', [node])
    const both = waitingRequest(refused)
    expect(both.requestId).not.toBe(first.requestId)
    // A retry of the first is covered: it neither makes a request nor changes this one.
    expect(waitingRequest(await remote.visit('both', [operator]))).toEqual(both)
    const { requests } = storedPairings(remote.folder)
    const live = requests.filter(
      ({ deviceId, state }) => deviceId === refused.deviceId && state === 'pending',
    )
    expect(live).toMatchObject([
      { id: both.requestId, roles: ['node', 'operator'], scopes: ['camera.look', 'operator.read'] },
    ])
    await approve(both)
    expect(summaries(await remote.visit('both', [operator, node]))).toEqual(['answered', 'answered'])
    expect(silentGrantsOf(refused.deviceId)).toBe(0)
  })

  test('a node role that joins an approved operator device waits: role-upgrade', async () => {
    const operator: ToolCall = { scopes: ['operator.read'], method: 'whoami' }
    const node: ToolCall = { role: 'node', scopes: [], method: 'whoami' }
    await approve(waitingRequest(await remote.visit('joins', [operator])))
    const refused = await remote.visit('joins', [operator, node])
    expect(summaries(refused)).toEqual(['answered', 'NOT_PAIRED role-upgrade'])
    await approve(waitingRequest(refused))
    expect(summaries(await remote.visit('joins', [operator, node]))).toEqual(['answered', 'answered'])
  })

  test('an approval of what was shown fails once the device has asked for more', async () => {
    const shown = waitingRequest(
      await remote.visit('sneaky', [{ scopes: ['operator.read'], method: 'whoami' }]),
    )
    const admin = await remote.visit('sneaky', [{ scopes: ['operator.admin'], method: 'whoami' }])
    const commands = [
      ['requests'],
      ['approve', shown.requestId, '--digest', shown.digest],
      ['approve', waitingRequest(admin).requestId, '--digest', shown.digest],
    ]
    const ran: { command: string; code: number; output: string }[] = []
    for (const command of commands) {
      const { code, stdout, stderr } = await remote.cli(...command)
      ran.push({ command: `$ latchkey ${command.join(' ')}`, code, output: stdout + stderr })
    }
    console.log(ran.map(({ command, code, output }) => `${command}\n${output}[exit ${code}]`).join('\n\n'))
    const [listed, old, mixed] = ran
    expect(listed?.output).toContain(waitingRequest(admin).requestId)
    expect(listed?.output).not.toContain(shown.requestId)
    expect(old).toMatchObject({ code: 6, output: expect.stringContaining(waitingRequest(admin).requestId) })
    expect(old?.output).toContain('operator.admin')
    expect(mixed).toMatchObject({ code: 6, output: expect.stringContaining('digest') })
    // Neither gave anything.
    const again = await remote.visit('sneaky', [{ scopes: ['operator.read'], method: 'whoami' }])
    expect(summaries(again)).toEqual(['NOT_PAIRED not-paired'])
    expect(waitingRequest(again)).toEqual(waitingRequest(admin))
  })

  test('100 parallel upgrades of one device leave one live request with the union of all', async () => {
    const scopes = Array.from({ length: 100 }, (_, n) => `photos.album-${n}`)
    const calls = scopes.map((scope) => ({ scopes: [scope], method: 'whoami' }))
    const first: ToolCall = { scopes: ['operator.read'], method: 'whoami' }
    await approve(waitingRequest(await remote.visit('parallel', [first])))

    const refused = await remote.visit('parallel', calls, true)
    expect(summaries(refused)).toEqual(scopes.map(() => 'NOT_PAIRED scope-upgrade'))
    const { requests } = storedPairings(remote.folder)
    const mine = requests.filter(
      ({ deviceId, state }) => deviceId === refused.deviceId && state !== 'approved',
    )
    const live = mine.filter(({ state }) => state === 'pending')
    expect(live.map((request) => [...request.scopes].sort())).toEqual([[...scopes].sort()])
    expect(mine.filter(({ state }) => state === 'superseded')).toHaveLength(99)

    const shown = JSON.parse((await remote.cli('requests', '--json')).stdout) as {
      requestId: string
      digest: string
    }[]
    const [request] = shown.filter(({ requestId }) => requestId === live[0]?.id)
    if (request === undefined) throw new Error('the owner does not see the request')
    await approve(request)
    expect(summaries(await remote.visit('parallel', calls, true))).toEqual(scopes.map(() => 'answered'))
    expect(silentGrantsOf(refused.deviceId)).toBe(0)
  })
})
