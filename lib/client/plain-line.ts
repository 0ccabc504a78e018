/**
 * Text of a gateway as one line that a person can be shown: nothing that moves the cursor, hides or reverses
 * what follows, and no more than `maxLength` characters.
 */
export function plainLine(text: string, maxLength = 500): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
  return cut.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
}
