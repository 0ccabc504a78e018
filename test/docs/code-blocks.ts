import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export type CodeBlock = {
  /** `docs/client.md:17`, the line of the fence. */
  readonly at: string
  readonly language: string
  readonly code: string
  /** Why it is not checked: what stands behind `no-check:` on the fence. */
  readonly unchecked: string | null
}

/** The pages that people read: all but those of the tests. */
export function pages(): string[] {
  const flags = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md']
  return execFileSync('git', flags, { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file !== '' && !file.startsWith('test/'))
}

export function codeBlocks(page: string): CodeBlock[] {
  const lines = readFileSync(path.join(ROOT, page), 'utf8').split('\n')
  const blocks: CodeBlock[] = []
  for (let start = 0; start < lines.length; start += 1) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(```+|~~~+)(.*)$/.exec(lines[start] ?? '') ?? []
    if (fence === '') continue
    const length = lines.slice(start + 1).findIndex((line) => line.trim() === fence)
    if (length === -1) throw new Error(`${page}:${start + 1}: the code block has no end`)
    const [language = '', ...rest] = info.trim().split(/\s+/)
    const mark = rest.join(' ')
    if (mark !== '' && !mark.startsWith('no-check: '))
      throw new Error(`${page}:${start + 1}: expected nothing, or "no-check: <why>", after ${language}`)
    blocks.push({
      at: `${page}:${start + 1}`,
      language,
      code: lines
        .slice(start + 1, start + 1 + length)
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
      unchecked: mark === '' ? null : mark.slice('no-check: '.length),
    })
    start += length + 1
  }
  return blocks
}
