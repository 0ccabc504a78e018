import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { appFolder, appLog, startApp, type AppProcess } from './app-process.ts'
import { storedPairings } from './stored-pairings.ts'
import { runTool, summaries, TOOL, type ToolCall, type ToolReport, type ToolSpec } from './tool-process.ts'

// Dozens of processes are started.
jest.setTimeout(180_000)

let folder: ReturnType<typeof appFolder>
let app: AppProcess
beforeEach(async () => {
  folder = appFolder()
  app = await startApp({ folder: folder.path })
})
afterEach(async () => {
  await app.stop()
  folder.remove()
})

const identityFile = (): string => path.join(folder.path, 'tool/device.json')
const tool = (calls: readonly ToolCall[], more: Partial<ToolSpec> = {}): ToolSpec => ({
  url: app.url,
  identityFile: identityFile(),
  calls,
  ...more,
})

/** No request was ever made, and nobody was told of one. */
function expectNoPrompt(): void {
  expect(storedPairings(folder.path).requests).toEqual([])
  const told = appLog(folder.path).map(([, event]) => (event as { readonly kind?: string }).kind)
  expect(told).not.toContain('requested')
  expect(appLog(folder.path).filter(([kind]) => kind === 'warn' || kind === 'error')).toEqual([])
}

/** One call for each scope that a caller may need, with that scope alone. */
const SINGLE_SCOPES: readonly ToolCall[] = [
  { scopes: ['operator.read'], method: 'notes.list' },
  { scopes: ['operator.write'], method: 'agent' },
  { scopes: ['operator.admin'], method: 'sessions.patch' },
  { scopes: ['operator.pairing'], method: 'device.pair.list', params: {} },
  { scopes: ['photos.read'], method: 'photos.list' },
]

test('50 calls with five single scopes from one identity, in parallel and in turn, meet no prompt', async () => {
  const rotated = SINGLE_SCOPES.map((_, n) => [...SINGLE_SCOPES.slice(n), ...SINGLE_SCOPES.slice(0, n)])
  const reports = await Promise.all([
    ...rotated.map((calls) => runTool(tool(calls, { isParallel: true }))),
    ...rotated.map((calls) => runTool(tool(calls))),
  ])
  expect(reports.flatMap(summaries)).toEqual(Array.from({ length: 50 }, () => 'answered'))
  expect(new Set(reports.map(({ deviceId }) => deviceId)).size).toBe(1)
  expectNoPrompt()
  const { grants } = storedPairings(folder.path)
  // Each scope was given once, although many asked for it at the same time.
  const given = grants.flatMap(({ scopes }) => scopes).sort()
  expect(given).toEqual([...new Set(given)])
  expect(given).toEqual(expect.arrayContaining(['operator.admin', 'photos.read']))
  expect(grants.every(({ via }) => via === 'silent')).toBe(true)
})

test('a connection has the one scope that it asked for, whatever its device holds', async () => {
  await runTool(tool(SINGLE_SCOPES))
  const report = await runTool(
    tool([
      { scopes: ['operator.write'], method: 'whoami' },
      { scopes: ['operator.write'], method: 'sessions.patch' },
      { scopes: ['photos.read'], method: 'notes.list' },
    ]),
  )
  expect(report.outcomes[0]).toMatchObject({ answer: { scopes: ['operator.write'], silent: true } })
  expect(summaries(report).slice(1)).toEqual([
    'FORBIDDEN missing scope: operator.admin',
    'FORBIDDEN missing scope: operator.read',
  ])
})

test('sessions.patch with operator.admin after agent with operator.write is silent both times', async () => {
  const agent = await runTool(tool([{ scopes: ['operator.write'], method: 'agent' }]))
  const patch = await runTool(
    tool([{ scopes: ['operator.admin'], method: 'sessions.patch', params: { id: 7 } }]),
  )
  expect(agent.outcomes).toEqual([{ ok: true, answer: { accepted: true } }])
  expect(patch.outcomes).toEqual([{ ok: true, answer: { patched: { id: 7 } } }])
  expect(patch.deviceId).toBe(agent.deviceId)
  expectNoPrompt()
  const { grants, audit } = storedPairings(folder.path)
  expect(grants.map(({ via, scopes }) => [via, scopes])).toEqual([
    ['silent', ['operator.write']],
    ['silent', ['operator.admin']],
  ])
  expect(audit.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['silent-grant', 'not-paired'],
    ['silent-grant', 'scope-upgrade'],
  ])
})

test('sub-sessions that the gateway and the caller start share an identity that five processes made at once', async () => {
  const read: ToolCall = { scopes: ['operator.read'], method: 'whoami' }
  const admin: ToolCall = { scopes: ['operator.admin'], method: 'whoami' }
  // The gateway's child, which has a child of its own; and a child of the caller.
  const spec = tool([admin], { child: tool([{ scopes: ['photos.read'], method: 'whoami' }]) })
  const spawnCall = { scopes: ['operator.write'], method: 'sessions.spawn', params: { tool: TOOL, spec } }
  const caller = tool([spawnCall], { child: tool([read]) })
  const reports = await Promise.all([runTool(caller), ...[1, 2, 3, 4].map(() => runTool(tool([read])))])

  const [first] = reports
  const [spawned] = first.outcomes
  const session = (spawned?.ok === true ? spawned.answer : null) as ToolReport | null
  const everybody = [...reports, first.child, session, session?.child].filter((one) => one != null)
  expect(everybody).toHaveLength(8)
  expect(everybody.flatMap(summaries)).toEqual(Array.from({ length: 8 }, () => 'answered'))
  expect(new Set(everybody.map(({ deviceId }) => deviceId)).size).toBe(1)
  expect(session?.parentPid).not.toBe(process.pid)
  expect(session?.child?.parentPid).toBe(session?.pid)
  expect(first.child?.parentPid).toBe(first.pid)
  expectNoPrompt()
})

test('ten runs of a cron job, each in a session of its own with HOME alone and no terminal, are silent', async () => {
  const home = path.join(folder.path, 'home')
  mkdirSync(home)
  const job: ToolSpec = {
    url: app.url,
    identityFile: path.join(home, '.my-job/device.json'),
    calls: [{ scopes: ['operator.write'], method: 'whoami' }],
  }
  const runs: Promise<ToolReport>[] = []
  for (let second = 0; second < 10; second += 1) {
    runs.push(runTool(job, ['setsid', '--wait', 'env', '-i', `HOME=${home}`]))
    await sleep(1000)
  }
  const reports = await Promise.all(runs)
  expect(new Set(reports.map(({ sessionId }) => sessionId)).size).toBe(10)
  for (const report of reports) {
    expect(report).toMatchObject({ sessionId: report.pid, hasTerminal: false, environment: ['HOME'] })
    // Without LATCHKEY_HOME it finds no secret of this gateway: the kernel's word alone lets it in.
    expect(report.outcomes).toMatchObject([{ answer: { silent: true, assurance: 'same-user' } }])
  }
  expect(new Set(reports.map(({ deviceId }) => deviceId)).size).toBe(1)
  expectNoPrompt()
  expect(storedPairings(folder.path).grants).toHaveLength(1)
})

test('a node role that joins a paired operator device is silent, and so is the way back', async () => {
  const operator: ToolCall = { scopes: ['operator.read'], method: 'whoami' }
  const node: ToolCall = { role: 'node', scopes: [], method: 'whoami' }
  const report = await runTool(tool([operator, node, operator, node]))
  expect(report.outcomes.map((outcome) => outcome.ok && (outcome.answer as { role: string }).role)).toEqual([
    'operator',
    'node',
    'operator',
    'node',
  ])
  expectNoPrompt()
  expect(storedPairings(folder.path).audit.map(({ kind, reason }) => [kind, reason])).toEqual([
    ['silent-grant', 'not-paired'],
    ['silent-grant', 'role-upgrade'],
  ])
})
