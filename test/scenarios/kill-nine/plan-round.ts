import type { Crash } from '../crashing-store.ts'

/** When a round's gateway is killed: by itself at a point in the code, from outside while it works, or starting. */
export type Plan =
  | { readonly kind: 'crash'; readonly crash: Crash }
  | { readonly kind: 'kill'; readonly answers: number; readonly thenMs: number }
  | { readonly kind: 'kill while starting'; readonly afterMs: number }

const POINTS: readonly Crash['at'][] = [
  'between two writes',
  'before the commit',
  'after the commit',
  'before telling',
]

export function planRound(random: () => number): Plan {
  const kind = random()
  if (kind < 0.35)
    return { kind: 'kill', answers: Math.floor(1 + random() * 60), thenMs: Math.floor(random() * 12) }
  if (kind < 0.45) return { kind: 'kill while starting', afterMs: Math.floor(random() * 700) }
  const at = POINTS[Math.floor(random() * POINTS.length)] ?? 'before the commit'
  return { kind: 'crash', crash: { at, countdown: Math.floor(3 + random() * 80) } }
}
