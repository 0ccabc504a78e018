const MAX_LENGTH = 64

/** A name that somebody else chose, fit for a log line and a terminal: no control or format characters, cut. */
export function printableName(text: string): string {
  return Array.from(text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?'))
    .slice(0, MAX_LENGTH)
    .join('')
}

/** What to call a process: its program file, as threads of Node and Firefox name it after themselves. */
export function processName({
  comm,
  program,
}: {
  readonly comm: string
  readonly program: string | null
}): string {
  return printableName(program ?? comm)
}
