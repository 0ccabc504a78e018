import { describe, expect, it } from '@jest/globals'
import { confirmDoubts } from '../../../lib/evidence/linux/confirm-doubts.ts'
import type { Judgement } from '../../../lib/evidence/linux/judge-holders.ts'

const spotless: Judgement = { evidence: { status: 'same-user' }, doubt: null }
const relay: Judgement = { evidence: { status: 'relay', sign: 'listens' }, doubt: null }
const doubtful = (doubt: string): Judgement => ({ evidence: { status: 'relay', sign: doubt }, doubt })

describe('confirmDoubts', () => {
  it.each<[string, Judgement[], string, number]>([
    ['no doubt', [spotless], 'same-user', 1],
    ['a certain sign', [relay], 'relay', 1],
    ['a doubt that went away', [doubtful('a'), spotless], 'same-user', 2],
    ['a doubt that stayed', [doubtful('a'), doubtful('a')], 'relay', 2],
    ['a doubt that became certain', [doubtful('a'), relay], 'relay', 2],
    ['another doubt, which went away', [doubtful('a'), doubtful('b'), spotless], 'same-user', 3],
    ['another doubt, which stayed', [doubtful('a'), doubtful('b'), doubtful('b')], 'relay', 3],
    ['a new doubt each time', [doubtful('a'), doubtful('b'), doubtful('c'), spotless], 'unproven', 3],
    ['a doubt that comes and goes', [doubtful('a'), doubtful('b'), doubtful('a'), spotless], 'unproven', 3],
  ])('%s', async (_title, judgements, status, snapshots) => {
    let taken = 0
    const answers = await confirmDoubts(['one'], (_left, count) => {
      taken = count
      return () => judgements[count - 1] ?? relay
    })
    expect(answers.get('one')?.status).toBe(status)
    expect(taken).toBe(snapshots)
  })

  it('looks again only for those in doubt', async () => {
    const asked: string[][] = []
    const answers = await confirmDoubts(['sure', 'unsure'], (left, count) => {
      asked.push([...left])
      return (candidate) => (candidate === 'unsure' && count === 1 ? doubtful('a') : spotless)
    })
    expect(asked).toEqual([['sure', 'unsure'], ['unsure']])
    expect([...answers.values()]).toEqual([{ status: 'same-user' }, { status: 'same-user' }])
  })
})
