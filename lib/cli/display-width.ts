const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Two columns on a terminal: East Asian wide and full-width characters, and emoji. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6])/u

/** Columns that a text takes on a terminal; nearly: terminals disagree about some characters. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of GRAPHEMES.segment(text)) width += widthOf(segment)
  return width
}

/** The text, cut to so many columns; the cut is marked. */
export function clipped(text: string, width: number, ellipsis = '…'): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let left = width - ellipsis.length
  for (const { segment } of GRAPHEMES.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    kept += segment
  }
  return `${kept.trimEnd()}${ellipsis}`
}

/** The text with blanks after it, so many columns wide. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

function widthOf(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2
  return /^\p{M}/u.test(grapheme) ? 0 : 1
}
