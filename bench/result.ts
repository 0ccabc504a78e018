import type { Measured } from './interleave.ts'

/** One line of the table. */
export type Result = {
  readonly group: string
  readonly what: string
  /** Against what: the ratio's one. */
  readonly against: string
  readonly ratio: number
  /** Smallest and largest ratio of the rounds. */
  readonly spread: readonly [number, number]
  /** What one of them costs here, with the unit; then that of the other. */
  readonly cost: string
  /** The largest ratio that was aimed at, when one was. */
  readonly aim?: number | undefined
}

/** CPU time per one, as a line. */
export function resultOf(
  line: Pick<Result, 'group' | 'what' | 'against' | 'aim'>,
  base: Measured,
  measured: Measured,
): Result {
  const ratios = measured.costs.map((cost, round) => cost / (base.costs[round] ?? NaN))
  return {
    ...line,
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    cost: `${micros(measured)} / ${micros(base)}`,
  }
}

function micros({ costs }: Measured): string {
  const us = median(costs)
  return us < 10 ? `${Math.round(us * 1000)} ns` : `${Math.round(us)} µs`
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length % 2 === 1) return sorted[middle] ?? NaN
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}
