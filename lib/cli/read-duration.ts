import { InvalidArgumentError } from 'commander'

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `90s`, `30m`, `2h`, `7d`. */
export function readDuration(text: string): number {
  const ms = parse(text)
  if (ms !== null) return ms
  throw new InvalidArgumentError('Expected a time such as 30m, 2h or 7d.')
}

/** The moment that `2h` ago, or an ISO 8601 time, stands for: milliseconds since the epoch. */
export function readSince(text: string, nowMs: number = Date.now()): number {
  const ago = parse(text)
  if (ago !== null) return nowMs - ago
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (at >= 0 && at <= nowMs) return at
  throw new InvalidArgumentError('Expected a time that has passed, such as 2h or 2026-01-31T09:30:00Z.')
}

function parse(text: string): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text)
  const ms = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN)
  return ms > 0 ? ms : null
}
