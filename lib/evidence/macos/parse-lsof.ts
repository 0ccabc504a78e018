/** An open file as `lsof -F` lists it; a field that was not printed is empty. */
export type ListedFile = {
  /** `IPv4`, `IPv6`, `unix`. */
  readonly type: string
  /** `TCP`, `UDP`. */
  readonly protocol: string
  /** Names the socket: an address in the kernel (macOS), an inode (Linux). */
  readonly device: string
  readonly inode: string
  /** `127.0.0.1:50123->127.0.0.1:4747`, `*:4747`, `/path/of/a/socket`. */
  readonly name: string
  /** `ESTABLISHED`, `LISTEN`. */
  readonly state: string
}

export type ListedProcess = {
  readonly pid: number
  readonly command: string
  readonly uid: number
  readonly files: readonly ListedFile[]
}

/** What `parseLsof` expects to have been asked for: `lsof -F` and these letters. */
export const LSOF_FIELDS = 'pcuftPdinT'

const FIELDS: Readonly<Record<string, keyof ListedFile>> = {
  t: 'type',
  P: 'protocol',
  d: 'device',
  i: 'inode',
  n: 'name',
}

/**
 * Reads the field output of lsof, one field per line (lsof(8), "Output for other programs"). Throws on
 * anything else: half a list would leave out the very socket that speaks against a process.
 */
export function parseLsof(text: string): ListedProcess[] {
  type Draft = { pid: number; command: string; uid: number; files: Record<keyof ListedFile, string>[] }
  const processes: Draft[] = []
  if (text !== '' && !text.endsWith('\n')) fail('it ends in the middle of a line')
  for (const line of text.split('\n').slice(0, -1)) {
    const value = line.slice(1)
    const letter = line.charAt(0)
    if (letter === 'p') {
      processes.push({ pid: numberOf(value), command: '', uid: -1, files: [] })
      continue
    }
    const process = processes.at(-1) ?? fail('it does not begin with a process')
    const file = process.files.at(-1)
    if (letter === 'c') process.command = unescape(value)
    else if (letter === 'u') process.uid = numberOf(value)
    else if (letter === 'f')
      process.files.push({ type: '', protocol: '', device: '', inode: '', name: '', state: '' })
    else if (letter === 'T') {
      if (file !== undefined && value.startsWith('ST=')) file.state = value.slice(3)
    } else {
      const field = FIELDS[letter]
      if (field === undefined || file === undefined) fail(`there is a line with ${JSON.stringify(letter)}`)
      file[field] = value
    }
  }
  return processes
}

/** Spaces, control characters and what lsof takes for unprintable. */
function unescape(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function numberOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : fail('a number is none')
}

function fail(why: string): never {
  throw new Error(`the output of lsof cannot be read: ${why}`)
}
