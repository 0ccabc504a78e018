import { describe, expect, test } from '@jest/globals'
import { UnauthenticatedSockets, type Waiting } from '../../lib/gateway/unauthenticated-sockets.ts'

type Socket = Waiting & { isDeciding: boolean; isEnded: boolean }

function table(perPrefix: number, max: number) {
  const clock = { ms: 0 }
  const sockets = new UnauthenticatedSockets(perPrefix, max, () => clock.ms)
  const arrive = (prefix: string): Socket => {
    const end = () => void (socket.isEnded = true)
    const socket = { prefix, isDeciding: false, isEnded: false, end }
    sockets.add(socket)
    return socket
  }
  return { clock, sockets, arrive }
}

const ended = (sockets: readonly Socket[]): number => sockets.filter(({ isEnded }) => isEnded).length
const many = (count: number, make: () => Socket): Socket[] => Array.from({ length: count }, make)

describe('one prefix', () => {
  test('a burst of clients that have had no time to answer ends none of them', () => {
    const { arrive } = table(32, 1000)
    expect(ended(many(128, () => arrive('a')))).toBe(0)
  })

  test('never holds more than four times its cap, and the newcomer gets in', () => {
    const { arrive, sockets } = table(32, 1000)
    const all = many(500, () => arrive('a'))
    expect(sockets.size).toBe(128)
    expect(all.slice(-128).every(({ isEnded }) => !isEnded)).toBe(true)
  })

  test('those that were silent for a second make room down to the cap', () => {
    const { arrive, clock, sockets } = table(32, 1000)
    const stalled = many(128, () => arrive('a'))
    clock.ms = 1000
    const newcomer = arrive('a')
    expect([ended(stalled), sockets.size, newcomer.isEnded]).toEqual([97, 32, false])
  })

  test('one whose connect is being decided does not give way to newcomers', () => {
    const { arrive, clock } = table(4, 1000)
    const [first, ...others] = many(4, () => arrive('a'))
    if (first !== undefined) first.isDeciding = true
    clock.ms = 5000
    arrive('a')
    expect([first?.isEnded, ended(others)]).toEqual([false, 1])
  })

  test('... but cannot hold a place for ever either', () => {
    const { arrive, sockets } = table(4, 1000)
    const speaking = many(16, () => arrive('a'))
    for (const socket of speaking) socket.isDeciding = true
    expect([arrive('a').isEnded, speaking[0]?.isEnded, sockets.size]).toEqual([false, true, 16])
  })
})

describe('when all places are taken', () => {
  test('a prefix beyond its cap gives way before others do', () => {
    const { arrive, sockets } = table(4, 20)
    const honest = arrive('honest')
    const flood = many(100, () => arrive('flood'))
    many(8, () => arrive('other'))
    expect([honest.isEnded, ended(flood) > 84, sockets.size]).toEqual([false, true, 20])
  })

  test('the oldest gives way when no prefix is beyond its cap', () => {
    const { arrive, sockets } = table(4, 20)
    const all = Array.from({ length: 25 }, (_, i) => arrive(`net ${i}`))
    expect(all.map(({ isEnded }) => isEnded)).toEqual(all.map((_, i) => i < 5))
    expect(sockets.size).toBe(20)
  })

  test('what has gone leaves nothing behind', () => {
    const { arrive, sockets } = table(4, 20)
    for (const socket of many(16, () => arrive('a'))) sockets.delete(socket)
    expect([sockets.size, ended(many(4, () => arrive('b')))]).toEqual([0, 0])
  })
})
