import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'SECURITY.md'), 'utf8')
const CLAIM = /`(test\/[^`]+\.test\.ts)`:((?:\s*"[^"]+",?)+)/g

type Row = { number: number; tests: string; claims: { file: string; title: string }[] }

function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| *(\d+) *\|(.*)\|$/gm)].map((match) => {
    const cells = (match[2] ?? '').split('|')
    const tests = (cells.at(-1) ?? '').trim()
    const claims = [...tests.matchAll(CLAIM)].flatMap(([, file = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title })),
    )
    return { number: Number(match[1]), tests, claims }
  })
}

/** What is wrong with a claim; `null`: nothing. A title may be cut short, but begins as the test's does. */
function problemOf({ file, title }: Row['claims'][number]): string | null {
  const absolute = path.join(root, file)
  if (!existsSync(absolute)) return `${file} does not exist`
  const source = readFileSync(absolute, 'utf8')
  const escaped = title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const isThere = new RegExp(`\\(\\s*['"\`]${escaped}`).test(source)
  return isThere ? null : `${file} has no test "${title}"`
}

describe('the page on security', () => {
  const rows = rowsOf(page)

  test('has a row for each of the 24 threats', () => {
    expect(rows.map((row) => row.number)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  })

  test('names for each row a test, or says that there is none yet', () => {
    const silent = rows.filter((row) => row.claims.length === 0 && !row.tests.includes('not yet'))
    expect(silent.map((row) => row.number)).toEqual([])
  })

  test('names no test that does not exist', () => {
    const claims = rows.flatMap((row) => row.claims)
    expect(claims.length).toBeGreaterThan(40)
    expect(claims.map(problemOf).filter((problem) => problem !== null)).toEqual([])
  })

  test('leaves no test file unread: every one that is named stands in a claim', () => {
    const named = new Set(page.match(/test\/[\w/.-]+\.test\.ts/g))
    const claimed = new Set(rows.flatMap((row) => row.claims.map(({ file }) => file)))
    named.delete('test/architecture/security-page.test.ts')
    expect([...named].filter((file) => !claimed.has(file))).toEqual([])
  })

  test('would notice', () => {
    expect(problemOf({ file: 'test/none.test.ts', title: 'x' })).toContain('does not exist')
    const file = 'test/architecture/security-page.test.ts'
    expect(problemOf({ file, title: 'has a row for none' })).toContain('has no test')
    expect(problemOf({ file, title: 'has a row for each' })).toBeNull()
    expect(
      rowsOf('| 7 | a | b | `test/x.test.ts`: "one", "two"; `test/y.test.ts`: "three". No |')[0]?.claims,
    ).toEqual([
      { file: 'test/x.test.ts', title: 'one' },
      { file: 'test/x.test.ts', title: 'two' },
      { file: 'test/y.test.ts', title: 'three' },
    ])
  })
})
