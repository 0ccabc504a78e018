import path from 'node:path'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { appFolder, appLog, startApp, type AppProcess } from './app-process.ts'
import { storedPairings } from './stored-pairings.ts'
import { runTool, summaries, type ToolSpec } from './tool-process.ts'

// Dozens of processes are started.
jest.setTimeout(180_000)

let folder: ReturnType<typeof appFolder>
let app: AppProcess
beforeEach(async () => {
  folder = appFolder()
  // They all come from one address and at once, as no gateway would allow strangers.
  app = await startApp({ folder: folder.path, limits: { unauthenticatedPerPrefix: 200 } })
})
afterEach(async () => {
  await app.stop()
  folder.remove()
})

const SCOPES = Array.from({ length: 100 }, (_, n) => `photos.album-${n}`)

test('100 parallel upgrades of one device, over 100 sockets of four processes: nothing is lost', async () => {
  const tool = (scopes: readonly string[]): ToolSpec => ({
    url: app.url,
    identityFile: path.join(folder.path, 'tool/device.json'),
    calls: scopes.map((scope) => ({ scopes: [scope], method: 'whoami' })),
    isParallel: true,
  })
  await runTool(tool(['operator.read']))
  const quarters = [0, 1, 2, 3].map((n) => SCOPES.slice(n * 25, (n + 1) * 25))
  const reports = await Promise.all(quarters.map((scopes) => runTool(tool(scopes))))

  expect(reports.flatMap(summaries)).toEqual(SCOPES.map(() => 'answered'))
  const { grants, requests, audit } = storedPairings(folder.path)
  expect(requests).toEqual([])
  // Each scope once, in one grant and one entry of the audit log, and told once.
  expect(grants.map(({ scopes }) => scopes.join()).sort()).toEqual([...SCOPES, 'operator.read'].sort())
  expect(audit.map(({ kind }) => kind)).toEqual(Array.from({ length: 101 }, () => 'silent-grant'))
  expect(appLog(folder.path).filter(([kind]) => kind === 'event')).toHaveLength(101)
  // What was given in parallel holds together from now on.
  const all = { scopes: SCOPES, method: 'whoami' }
  const after = await runTool({ ...tool([]), calls: [all] })
  expect(after.outcomes).toMatchObject([{ answer: { scopes: [...SCOPES].sort() } }])
  expect(storedPairings(folder.path).grants).toHaveLength(101)
})
