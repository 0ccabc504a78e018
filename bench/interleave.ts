/** One way of doing the same thing. `run` does it so many times. */
export type Way = { readonly name: string; readonly run: (times: number) => unknown }

/** Microseconds for one, in each round. */
export type Measured = { readonly name: string; readonly costs: readonly number[] }

/** Microseconds of CPU time of this whole process so far, garbage collection and compiler threads too. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/**
 * Measures ways side by side: every round runs each of them once, so that what else happens on the machine
 * meets all alike. CPU time of this process, unless `clock` counts something else.
 */
export async function interleave<const Ways extends readonly Way[]>(
  ways: Ways,
  {
    rounds,
    times,
    warmUp = 2,
    clock = ownCpu,
  }: { rounds: number; times: number; warmUp?: number; clock?: () => number },
): Promise<{ [K in keyof Ways]: Measured }> {
  const costs = ways.map((): number[] => [])
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [index, way] of inTurn(ways, round)) {
      const before = clock()
      await way.run(times)
      const cost = clock() - before
      if (round >= 0) costs[index]?.push(cost / times)
    }
  }
  const measured = ways.map(({ name }, index): Measured => ({ name, costs: costs[index] ?? [] }))
  return measured as { [K in keyof Ways]: Measured }
}

/** Whoever comes later in a round pays for what the others left behind, so each comes first in turn. */
function inTurn<T>(items: readonly T[], round: number): [number, T][] {
  const entries = [...items.entries()]
  const start = ((round % entries.length) + entries.length) % entries.length
  return [...entries.slice(start), ...entries.slice(0, start)]
}
