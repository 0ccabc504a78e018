import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import type { PairingEvent } from '../../lib/pairing/index.ts'
import { anyPostgres } from '../postgres-server.ts'
import { AppEnded, appFolder, appLog, startApp, type AppProcess } from './app-process.ts'
import type { Crash } from './crashing-store.ts'
import { startDriver, type DriverProcess } from './kill-nine/driver-process.ts'
import { indexAudit, isRecorded, lost, untold, wrongGrants } from './kill-nine/findings.ts'
import { seeded, type Attempt, type Retry } from './kill-nine/ledger.ts'
import { halfWritten } from './kill-nine/replay-audit.ts'
import { takePostgresSnapshot, takeSnapshot, type Snapshot } from './kill-nine/snapshot.ts'

const ROUNDS = Number(process.env.LATCHKEY_KILL_ROUNDS ?? 12)
const SEED = Number(process.env.LATCHKEY_KILL_SEED ?? 20_261_124)
jest.setTimeout(60_000 + ROUNDS * 30_000)

/** When a round's gateway is killed: by itself at a point in the code, from outside while it works, or starting. */
type Plan =
  | { readonly kind: 'crash'; readonly crash: Crash }
  | { readonly kind: 'kill'; readonly answers: number; readonly thenMs: number }
  | { readonly kind: 'kill while starting'; readonly afterMs: number }

const POINTS: readonly Crash['at'][] = [
  'between two writes',
  'before the commit',
  'after the commit',
  'before telling',
]

function planRound(random: () => number): Plan {
  const kind = random()
  if (kind < 0.35)
    return { kind: 'kill', answers: Math.floor(1 + random() * 60), thenMs: Math.floor(random() * 12) }
  if (kind < 0.45) return { kind: 'kill while starting', afterMs: Math.floor(random() * 700) }
  const at = POINTS[Math.floor(random() * POINTS.length)] ?? 'before the commit'
  return { kind: 'crash', crash: { at, countdown: Math.floor(3 + random() * 80) } }
}

/** Where the pairings are, and a second node that nobody kills, where there is one. */
type Place = {
  readonly database: string | null
  readonly peerFolder: string | null
  readonly peer: AppProcess | null
  snapshot(): Snapshot | Promise<Snapshot>
  stop(): Promise<void>
}

const PLACES: readonly [string, (folder: string) => Promise<Place>][] = [
  [
    'alone on SQLite',
    (folder) =>
      Promise.resolve({
        database: null,
        peerFolder: null,
        peer: null,
        snapshot: () => takeSnapshot(path.join(folder, 'latchkey.db')),
        stop: () => Promise.resolve(),
      }),
  ],
  [
    'beside another one on PostgreSQL',
    async () => {
      const server = await anyPostgres()
      const database = await server.database()
      const peerFolder = appFolder()
      const peer = await startApp({
        folder: peerFolder.path,
        database,
        locality: { trustProxy: ['loopback'] },
      })
      return {
        database,
        peerFolder: peerFolder.path,
        peer,
        snapshot: () => takePostgresSnapshot(database),
        async stop() {
          await peer.stop()
          await server.stop()
          peerFolder.remove()
        },
      }
    },
  ],
]

let folder: ReturnType<typeof appFolder>
let place: Place | null = null
let driver: DriverProcess
let killApp: () => void = () => undefined
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

test.each(PLACES)(
  `a gateway that is killed ${ROUNDS} times keeps every decision that it acknowledged, and none by halves, %s`,
  async (name, open) => {
    const at = (place = await open(folder.path))
    const random = seeded(SEED)
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

    for (let round = 0; round < ROUNDS; round += 1) {
      const plan = planRound(random)
      const how = plan.kind === 'crash' ? plan.crash.at : plan.kind
      kills[how] = (kills[how] ?? 0) + 1
      const app = await start(plan)
      let unanswered: readonly Attempt[] = []
      if (app !== null) {
        const report = await driver.round({ url: app.url, seed: SEED + round }, (answers) => {
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
      rounds: ROUNDS,
      kills,
      acknowledged: decided.length,
      unanswered: attempts.filter((attempt) => !attempt.isAcknowledged && attempt.refusal === null).length,
      committedUnanswered,
      retried: retries.length,
      auditEntries: snapshot?.audit.length ?? 0,
      unclearAnswers: unclear.length,
      ...figures,
    }
    console.log(`kill -9, ${name}: ${JSON.stringify(counts)}`)
    expect(unclear).toEqual([])
    expect(problems).toEqual([])
    expect(figures).toEqual({ lost: 0, halfWritten: 0, wrongGrants: 0, untold: 0 })
    // Otherwise nothing was put to the test.
    expect(decided.length).toBeGreaterThan(ROUNDS)
    expect(retries.length).toBeGreaterThan(0)
  },
)
