const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `3 minutes`, `2 days` */
export function duration(ms: number): string {
  const [count, unit] =
    ms < 90 * SECOND
      ? [ms / SECOND, 'second']
      : ms < 90 * MINUTE
        ? [ms / MINUTE, 'minute']
        : ms < 36 * HOUR
          ? [ms / HOUR, 'hour']
          : [ms / DAY, 'day']
  const whole = Math.max(0, Math.round(count))
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`
}

export function ago(thenMs: number, nowMs: number): string {
  return nowMs - thenMs < 5 * SECOND ? 'just now' : `${duration(nowMs - thenMs)} ago`
}

/** `4:05`, for what runs out soon. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / SECOND))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** For people, in the language of their browser. */
export function dateAndTime(ms: number): string {
  return new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
}
