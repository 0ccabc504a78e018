import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import type { PairingEvent } from '../../lib/pairing/index.ts'
import { runCli } from '../cli/cli-process.ts'
import { AppEnded, appFolder, appLog, startApp, type AppProcess } from './app-process.ts'
import { startDriver, type DriverProcess } from './kill-nine/driver-process.ts'
import { indexAudit, isRecorded, lost, untold, wrongGrants } from './kill-nine/findings.ts'
import { seeded, type Attempt, type Retry } from './kill-nine/ledger.ts'
import { PLACES, type Place } from './kill-nine/places.ts'
import { planRound, type Plan } from './kill-nine/plan-round.ts'
import { halfWritten } from './kill-nine/replay-audit.ts'
import type { Snapshot } from './kill-nine/snapshot.ts'

const ROUNDS = Number(process.env.LATCHKEY_KILL_ROUNDS ?? 12)
const SEED = Number(process.env.LATCHKEY_KILL_SEED ?? 20_261_124)
/** Then a new store begins: each round looks at all that the rounds before it have left. */
const ROUNDS_OF_A_STORE = 50
jest.setTimeout(60_000 + Math.min(ROUNDS, ROUNDS_OF_A_STORE) * 30_000)

/** Each place with the first round and the number of rounds of each of its stores. */
const RUNS = PLACES.flatMap(([name, open]) =>
  Array.from({ length: Math.ceil(ROUNDS / ROUNDS_OF_A_STORE) }, (_, index) => {
    const first = index * ROUNDS_OF_A_STORE
    return [Math.min(ROUNDS_OF_A_STORE, ROUNDS - first), name, first, open] as const
  }),
)

let folder: ReturnType<typeof appFolder>
let place: Place | null = null
let driver: DriverProcess
let killApp: () => void = () => undefined
const totals = new Map<string, Map<string, number>>()
beforeEach(() => {
  folder = appFolder()
  driver = startDriver()
})
afterEach(async () => {
  killApp()
  await driver.stop()
  await place?.stop()
  place = null
  folder.remove()
})

afterAll(() => {
  for (const [name, counts] of totals)
    console.log(`kill -9, ${name}: ${JSON.stringify(Object.fromEntries(counts))}`)
})

test.each(RUNS)(
  'a gateway that is killed %i times keeps every decision that it acknowledged, and none by halves, %s, from round %i',
  async (rounds, name, firstRound, open) => {
    const seed = SEED + firstRound
    const at = (place = await open(folder.path))
    const random = seeded(seed)
    const attempts: Attempt[] = []
    const retries: Retry[] = []
    const problems: string[] = []
    const figures = { lost: 0, halfWritten: 0, wrongGrants: 0, untold: 0 }
    const kills: Record<string, number> = {}
    let committedUnanswered = 0
    let snapshot: Snapshot | null = null

    const note = (name: keyof typeof figures, found: readonly string[]): void => {
      figures[name] += found.length
      problems.push(...found.slice(0, 5))
    }
    const start = async (plan: Plan | null): Promise<AppProcess | null> => {
      const options = {
        folder: folder.path,
        database: at.database,
        locality: { trustProxy: ['loopback'] },
        limits: { maxInvites: 100_000, maxPending: 100_000, unauthenticatedPerPrefix: 200 },
        crash: plan?.kind === 'crash' ? plan.crash : null,
      }
      try {
        const app = await startApp(options, (kill) => {
          killApp = kill
          if (plan?.kind === 'kill while starting') setTimeout(kill, plan.afterMs)
        })
        // Whoever listens has told all that was committed before.
        const told = (): PairingEvent[] =>
          [folder.path, ...(at.peerFolder === null ? [] : [at.peerFolder])].flatMap((from) =>
            appLog(from).flatMap(([kind, event]) => (kind === 'event' ? [event as PairingEvent] : [])),
          )
        if (snapshot !== null) {
          // The other node may have begun to tell it, and not be done.
          for (
            let tries = 0;
            at.peer !== null && tries < 300 && untold(snapshot, told()).length > 0;
            tries += 1
          )
            await sleep(100)
          note('untold', untold(snapshot, told()))
        }
        return app
      } catch (error) {
        if (!(error instanceof AppEnded) || plan === null || !error.message.includes('SIGKILL')) throw error
        return null
      }
    }

    for (let round = 0; round < rounds; round += 1) {
      const plan = planRound(random)
      const how = plan.kind === 'crash' ? plan.crash.at : plan.kind
      kills[how] = (kills[how] ?? 0) + 1
      const app = await start(plan)
      let unanswered: readonly Attempt[] = []
      if (app !== null) {
        const report = await driver.round({ url: app.url, seed: seed + round }, (answers) => {
          if (plan.kind === 'kill' && answers === plan.answers) void sleep(plan.thenMs).then(app.kill)
        })
        // It has gone already, unless something went wrong.
        app.kill()
        expect(await app.ended).toBe('SIGKILL')
        attempts.push(...report.attempts)
        retries.push(...report.retries)
        problems.push(...report.problems)
        unanswered = report.attempts.filter((attempt) => !attempt.isAcknowledged)
      }
      const found = await at.snapshot()
      snapshot = found
      note('halfWritten', halfWritten(found))
      const index = indexAudit(found)
      note('lost', lost(found, index, attempts))
      note('wrongGrants', wrongGrants(found, attempts))
      committedUnanswered += unanswered.filter((attempt) => isRecorded(index, attempt) === true).length
      expect({ round, how, problems }).toEqual({ round, how, problems: [] })
    }
    const last = await start(null)
    await last?.stop()
    // The signatures, too: both nodes sign with the key of their user.
    const verified = await runCli(
      ['audit', 'verify', ...(at.database === null ? ['--state-dir', folder.path] : [])],
      at.database === null ? {} : { LATCHKEY_STORE_URL: at.database },
    )

    // The retry of what was not answered has one clear answer: it is done, or was done before.
    const unclear = retries.filter(({ op, first, second }) => {
      if (op !== 'remove' && op !== 'revoke-invite') return first !== second || first.startsWith('refused')
      return (
        !/^(removed|revoked|refused: unknown \w+Id)$/.test(first) || !second.startsWith('refused: unknown ')
      )
    })
    const decided = attempts.filter(
      (attempt) => attempt.isAcknowledged && !(attempt.op === 'connect' && !attempt.isLocal),
    )
    const counts = {
      rounds,
      ...kills,
      acknowledged: decided.length,
      unanswered: attempts.filter((attempt) => !attempt.isAcknowledged && attempt.refusal === null).length,
      committedUnanswered,
      retried: retries.length,
      auditEntries: snapshot?.audit.length ?? 0,
      unclearAnswers: unclear.length,
      ...figures,
    }
    const sums = totals.get(name) ?? new Map<string, number>()
    totals.set(name, sums)
    for (const [what, count] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + count)
    expect(unclear).toEqual([])
    expect(problems).toEqual([])
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('as it was written') as unknown,
    })
    expect(figures).toEqual({ lost: 0, halfWritten: 0, wrongGrants: 0, untold: 0 })
    // Otherwise nothing was put to the test.
    expect(decided.length).toBeGreaterThan(rounds)
    expect(retries.length).toBeGreaterThan(0)
  },
)
