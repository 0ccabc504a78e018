const MAX_GRAPHEMES = 64
const MAX_MARKS = 4
/** Some letters join without end, old Korean ones for example. */
const MAX_CODE_POINTS = 8
/**
 * Control, format, private, unassigned and surrogate code points, line and paragraph separators, and the
 * letters and symbols that show nothing: the Hangul fillers and the empty Braille pattern.
 */
const UNWANTED = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]/gu
/** Printable ASCII with single spaces inside: each character is a grapheme of its own, and nothing is to be cleaned. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/
/** Making one costs more than all else that is done with a name. */
// Stryker disable next-line ObjectLiteral: it says what is the default
const graphemesOf = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * A name that a client gave, made safe to keep: NFC, without invisible and direction-changing characters,
 * white space folded, at most 64 graphemes with at most four marks each. `null` when nothing is left. Still
 * has to be escaped wherever it is shown, and still may imitate another name: show the key beside it.
 */
export function cleanName(text: string | undefined): string | null {
  if (text === undefined) return null
  // Stryker disable next-line ConditionalExpression,EqualityOperator: what follows says the same, and takes longer
  if (text.length <= MAX_GRAPHEMES && PLAIN.test(text)) return text
  const visible = text
    .slice(0, 2048)
    .normalize('NFC')
    .replaceAll(UNWANTED, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const name = [...graphemesOf.segment(visible)]
    .slice(0, MAX_GRAPHEMES)
    .map(({ segment }) => limitMarks(segment))
    .join('')
    .trim()
  return name === '' ? null : name
}

function limitMarks(grapheme: string): string {
  let marks = 0
  return Array.from(grapheme)
    .filter((char) => !/\p{M}/u.test(char) || (marks += 1) <= MAX_MARKS)
    .slice(0, MAX_CODE_POINTS)
    .join('')
}

/** Scripts with letters that look like those of another one of these. */
const LOOK_ALIKES = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
]

/**
 * True for a name that mixes scripts whose letters look alike, such as a Cyrillic а among Latin letters: it may
 * imitate another name (Unicode Technical Standard #39, section 5). Says nothing of imitations within a script.
 */
export function mixesScripts(name: string): boolean {
  return LOOK_ALIKES.filter((script) => script.test(name)).length > 1
}
