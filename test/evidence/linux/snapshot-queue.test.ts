import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import type { Question } from '../../../lib/evidence/linux/inspect-connections.ts'
import { snapshotQueue } from '../../../lib/evidence/linux/snapshot-queue.ts'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'

const LIMITS = { timeoutMs: 1000, minIntervalMs: 0, maxWaiting: 256 }

function question(remotePort: number): Question {
  const ends = { localAddress: '127.0.0.1', localPort: 3000, remoteAddress: '127.0.0.1', remotePort }
  return { connection: { ...ends, inode: 1 }, peerUsers: [] }
}

function answer({ connection }: Question): PeerEvidence {
  return { status: 'same-user', uid: connection.remotePort }
}

describe('snapshotQueue', () => {
  it('takes one snapshot for all that ask at once, and gives each its own answer', async () => {
    const batches: number[] = []
    const queue = snapshotQueue((questions) => {
      batches.push(questions.length)
      return Promise.resolve(questions.map(answer))
    }, LIMITS)
    const answers = await Promise.all(Array.from({ length: 100 }, (_, port) => queue.ask(question(port))))
    expect(answers.map(({ uid }) => uid)).toEqual(Array.from({ length: 100 }, (_, port) => port))
    expect(batches).toEqual([100])
  })

  it('answers what is asked during a snapshot from the next one', async () => {
    const batches: number[][] = []
    const queue = snapshotQueue(async (questions) => {
      batches.push(questions.map(({ connection }) => connection.remotePort))
      await sleep(30)
      return questions.map(answer)
    }, LIMITS)
    const first = queue.ask(question(1))
    await sleep(10)
    await Promise.all([first, queue.ask(question(2)), queue.ask(question(3))])
    expect(batches).toEqual([[1], [2, 3]])
  })

  it('rests between snapshots', async () => {
    const starts: number[] = []
    const take = (questions: readonly Question[]): Promise<PeerEvidence[]> => {
      starts.push(performance.now())
      return Promise.resolve(questions.map(answer))
    }
    const queue = snapshotQueue(take, { ...LIMITS, minIntervalMs: 60 })
    await queue.ask(question(1))
    await queue.ask(question(2))
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(58)
  })

  it.each<[string, () => Promise<PeerEvidence[]>, RegExp]>([
    ['fails', () => Promise.reject(new Error('no')), /failed/],
    ['has no answer', () => Promise.resolve([]), /failed/],
    ['takes too long', () => new Promise<never>(() => undefined), /too long/],
  ])('is unproven when the snapshot %s', async (_title, take, sign) => {
    const evidence = await snapshotQueue(take, { ...LIMITS, timeoutMs: 30 }).ask(question(1))
    expect(evidence).toEqual({ status: 'unproven', sign: expect.stringMatching(sign) })
  })

  it('goes on after a failure', async () => {
    let count = 0
    const queue = snapshotQueue((questions) => {
      count += 1
      return count === 1 ? Promise.reject(new Error('no')) : Promise.resolve(questions.map(answer))
    }, LIMITS)
    expect((await queue.ask(question(1))).status).toBe('unproven')
    expect((await queue.ask(question(2))).status).toBe('same-user')
  })

  it('refuses at once what is more than may wait, and takes more when there is room again', async () => {
    const queue = snapshotQueue((questions) => Promise.resolve(questions.map(answer)), {
      ...LIMITS,
      maxWaiting: 2,
    })
    const [first, second, third] = await Promise.all([1, 2, 3].map((port) => queue.ask(question(port))))
    expect([first?.status, second?.status]).toEqual(['same-user', 'same-user'])
    expect(third).toEqual({ status: 'unproven', sign: 'too many look-ups are waiting' })
    expect((await queue.ask(question(4))).status).toBe('same-user')
  })

  it('does not put to the snapshot what nobody waits for any more', async () => {
    const batches: number[] = []
    const queue = snapshotQueue(
      async (questions) => {
        batches.push(questions.length)
        await sleep(60)
        return questions.map(answer)
      },
      { ...LIMITS, timeoutMs: 20 },
    )
    const first = queue.ask(question(1))
    await sleep(5)
    await Promise.all([first, queue.ask(question(2))])
    await sleep(60)
    await queue.ask(question(3))
    expect(batches).toEqual([1, 1])
  })

  it('is unproven after close, and for what was waiting', async () => {
    const queue = snapshotQueue(() => new Promise<never>(() => undefined), LIMITS)
    const waiting = queue.ask(question(1))
    queue.close()
    expect((await waiting).status).toBe('unproven')
    expect((await queue.ask(question(2))).status).toBe('unproven')
  })
})
