/** Green: as it should be. Yellow: look at it. Red: a remote client may count as local, or nothing works. */
export type Level = 'green' | 'yellow' | 'red'

export type Finding = {
  readonly check: string
  readonly level: Level
  readonly saw: string
  /** One line. */
  readonly advice?: string
}

export function green(check: string, saw: string): Finding {
  return { check, level: 'green', saw }
}

export function yellow(check: string, saw: string, advice: string): Finding {
  return { check, level: 'yellow', saw, advice }
}

export function red(check: string, saw: string, advice: string): Finding {
  return { check, level: 'red', saw, advice }
}
