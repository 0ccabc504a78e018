import { readFileSync } from 'node:fs'
import { LatchkeyError } from '../../errors.ts'

const MAX_BYTES = 64 * 1024 * 1024

/**
 * One record of a file: the JSON object that the file is, an element of the list that it is, or a line of a log
 * with one object per line. `-` is the standard input.
 *
 * @param line which one, from 1; needed when there are several
 * @throws {LatchkeyError} INVALID_REQUEST
 */
export function readRecordFile(file: string, line: number | undefined): unknown {
  const text = readText(file)
  const whole = parsed(text)
  const records = whole === null ? linesOf(text) : Array.isArray(whole.value) ? whole.value : [whole.value]
  const name = file === '-' ? 'the standard input' : file
  if (records.length === 0) throw invalid(`${name} holds no request`)
  if (line === undefined && records.length > 1)
    throw invalid(`${name} holds ${records.length} requests; say which: --line 1`)
  if (line !== undefined && line > records.length)
    throw invalid(`--line ${line}: ${name} holds ${records.length} of them`)
  const record: unknown = records[(line ?? 1) - 1]
  if (!(record instanceof LineText)) return record
  const found = parsed(record.text)
  if (found === null) throw invalid(`${name}, line ${record.number}: not JSON: ${record.text.slice(0, 60)}`)
  return found.value
}

/** A line that may be JSON, and where it is. */
class LineText {
  readonly text: string
  readonly number: number
  constructor(text: string, number: number) {
    this.text = text
    this.number = number
  }
}

function linesOf(text: string): LineText[] {
  return text
    .split('\n')
    .map((line, index) => new LineText(line.trim(), index + 1))
    .filter((line) => line.text !== '')
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file === '-' ? 0 : file)
    if (bytes.length > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalid(`${file === '-' ? 'the standard input' : file} cannot be read: ${messageOf(error)}`, error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function parsed(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

function invalid(message: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError('INVALID_REQUEST', message, { cause })
}
