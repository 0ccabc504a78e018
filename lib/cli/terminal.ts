export type Tone = 'good' | 'bad' | 'doubtful' | 'faint' | 'strong' | 'blocks'

/** How to write to whoever reads the output. */
export type Terminal = {
  /** Marks of a list: ✓ ✗ ! –, or ASCII where the locale is not UTF-8. */
  readonly marks: Readonly<Record<'good' | 'bad' | 'doubtful' | 'skipped', string>>
  /** Whether the locale is UTF-8. */
  readonly isUtf8: boolean
  /** Stands for what was cut off. */
  readonly ellipsis: string
  /** Coloured on a terminal that has colours, unless NO_COLOR says otherwise; plain everywhere else. */
  readonly paint: (tone: Tone, text: string) => string
}

type Environment = Readonly<Record<string, string | undefined>>

const CODES: Readonly<Record<Tone, string>> = {
  good: '32',
  bad: '31',
  doubtful: '33',
  faint: '2',
  strong: '1',
  // White on black, whatever the terminal's own colours are: a QR code is read by its contrast.
  blocks: '97;40',
}

export function terminalOf(
  env: Environment = process.env,
  stream: { readonly isTTY?: boolean } = process.stdout,
  platform: string = process.platform,
): Terminal {
  const isColoured = stream.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
  const isUtf8 = hasUtf8(env, platform)
  return {
    isUtf8,
    ellipsis: isUtf8 ? '…' : '...',
    marks: isUtf8
      ? { good: '✓', bad: '✗', doubtful: '!', skipped: '–' }
      : { good: '+', bad: 'x', doubtful: '!', skipped: '-' },
    paint: (tone, text) => (isColoured ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text),
  }
}

/** POSIX: LC_ALL before LC_CTYPE before LANG; an empty one counts as not set. */
function hasUtf8(env: Environment, platform: string): boolean {
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '')
  if (locale === undefined) return platform === 'darwin' || platform === 'win32'
  return /utf-?8/i.test(locale)
}
