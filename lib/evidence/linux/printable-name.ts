const MAX_LENGTH = 64

/** A name that somebody else chose, fit for a log line and a terminal: no control or format characters, cut. */
export function printableName(text: string): string {
  return Array.from(text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?'))
    .slice(0, MAX_LENGTH)
    .join('')
}
