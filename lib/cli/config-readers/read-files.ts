import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import type { ConfigFile, Includes } from './proxy-site.ts'

const MAX_BYTES = 4 * 1024 * 1024
const MAX_FILES = 1000

/** Reads what `include` directives name, relative to `folder`. What cannot be read is told to `onProblem`. */
export function includesFrom(folder: string, onProblem: (problem: string) => void): Includes {
  let count = 0
  return (pattern) => {
    if (pattern === '') return []
    return filesOf(path.resolve(folder, pattern)).flatMap((file) => {
      count += 1
      if (count > MAX_FILES) return []
      const found = readConfig(file)
      if (typeof found === 'string') onProblem(found)
      return typeof found === 'string' ? [] : [found]
    })
  }
}

/** The file, or why it cannot be read. */
export function readConfig(file: string): ConfigFile | string {
  try {
    if (statSync(file).size > MAX_BYTES) return `${file} is larger than ${MAX_BYTES} bytes`
    return { file, text: readFileSync(file, 'utf8').replaceAll('\r\n', '\n') }
  } catch (error) {
    return `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`
  }
}

/** The files that a path with `*`, `?` and `[…]` names, in order; a folder stands for all in it. */
function filesOf(pattern: string): string[] {
  let found = [path.parse(pattern).root]
  for (const part of pattern.split(path.sep).filter((name) => name !== '')) {
    if (!/[*?[]/.test(part)) {
      found = found.map((folder) => path.join(folder, part))
      continue
    }
    const wanted = patternOf(part)
    found = found.flatMap((folder) =>
      entriesOf(folder)
        .filter((name) => wanted.test(name) && (part.startsWith('.') || !name.startsWith('.')))
        .map((name) => path.join(folder, name)),
    )
  }
  return found.flatMap((file) => (isFolder(file) ? entriesOf(file).map((name) => path.join(file, name)) : [file]))
} // prettier-ignore

/** Whether an absolute path is one that a pattern names. */
export function matchesPattern(file: string, pattern: string): boolean {
  const [parts, wanted] = [file.split(path.sep), pattern.split(path.sep)]
  return parts.length === wanted.length && wanted.every((part, at) => patternOf(part).test(parts[at] ?? ''))
}

function patternOf(part: string): RegExp {
  const source = part.replaceAll(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  try {
    return new RegExp(`^${source.replaceAll('[!', '[^')}$`)
  } catch {
    return /^(?!)/
  }
} // prettier-ignore

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

function isFolder(file: string): boolean {
  try {
    return statSync(file).isDirectory()
  } catch {
    return false
  }
}
