import { spawnSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parseAllDocuments } from 'yaml'
import { commandProblems } from './check-commands.ts'
import { typeProblems } from './check-types.ts'
import { codeBlocks, pages, type CodeBlock } from './code-blocks.ts'

const all = pages().flatMap(codeBlocks)
const checked = (...languages: string[]): CodeBlock[] =>
  all.filter((block) => languages.includes(block.language) && block.unchecked === null)
const WRONG: CodeBlock[] = [
  { at: 'WRONG:1', language: 'js', code: "import { createGatway } from 'latchkey'", unchecked: null },
  { at: 'WRONG:2', language: 'js', code: 'gateway.methud("x")', unchecked: null },
  { at: 'WRONG:3', language: 'ts', code: "localClient({ trustProxi: ['loopback'] })", unchecked: null },
  { at: 'WRONG:4', language: 'js', code: 'nobody.knows()', unchecked: null },
]
// Compiling takes seconds, so it is done once for all.
let problems: readonly string[]
beforeAll(() => {
  problems = typeProblems([...checked('js', 'ts'), ...WRONG])
}, 120_000)

const block = (language: string, code: string): CodeBlock => ({ at: 'x.md:1', language, code, unchecked: null }) // prettier-ignore

/** Configurations, which tests of their own start for real where they can, and what is no code. */
const NO_CODE = [
  '',
  'nginx',
  'caddy',
  'haproxy',
  'apache',
  'ini',
  'toml',
  'dockerfile',
  'text',
  'http',
  'diff',
]
const CHECKED = ['js', 'ts', 'json', 'sh', 'console', 'python', 'yaml', 'html']

describe('the code blocks of the pages', () => {
  test('are in languages that somebody checks', () => {
    expect(all.length).toBeGreaterThan(40)
    const unknown = all.filter(({ language }) => ![...NO_CODE, ...CHECKED].includes(language))
    expect(unknown.map(({ at, language }) => `${at}: ${language}`)).toEqual([])
  })

  test('are marked as not checkable in few places, and with a reason', () => {
    const marked = all.filter(({ unchecked }) => unchecked !== null)
    expect(marked.filter(({ unchecked }) => (unchecked ?? '').length < 10)).toEqual([])
    expect(marked.length).toBeLessThanOrEqual(5)
  })

  test('of JavaScript and TypeScript compile', () => {
    expect(checked('js', 'ts').length).toBeGreaterThan(15)
    expect(problems.filter((problem) => !problem.startsWith('WRONG'))).toEqual([])
  })

  test('of shells can be read by one, and name commands, options and scripts that exist', () => {
    expect(checked('sh', 'console').length).toBeGreaterThan(15)
    expect(commandProblems(checked('sh', 'console'))).toEqual([])
  }, 120_000)

  test('of JSON, YAML and Python can be parsed', () => {
    for (const { code } of checked('json')) JSON.parse(code)
    for (const { at, code } of checked('yaml'))
      expect([at, parseAllDocuments(code).flatMap((document) => document.errors)]).toEqual([at, []])
    for (const { at, code } of checked('python')) {
      const args = ['-c', 'import ast, sys; ast.parse(sys.stdin.read())']
      const { status, stderr } = spawnSync('python3', args, { input: code, encoding: 'utf8' })
      expect([at, status, stderr]).toEqual([at, 0, ''])
    }
  })
})

describe('the checks of the blocks', () => {
  test('find a name, an option, a method and an import that do not exist', () => {
    const found = new Set(problems.map((problem) => problem.split(' ')[0]))
    expect(WRONG.filter(({ at }) => !found.has(at))).toEqual([])
  })

  test('find a command, an option and a script that do not exist', () => {
    const wrong = commandProblems([
      block('sh', 'latchkey aprove'),
      block('console', '$ npx latchkey serve --prot 1\nlatchkey nothing'),
      block('sh', 'npm run nothing'),
      block('sh', 'if true; then'),
    ])
    expect(wrong).toHaveLength(4)
  }, 60_000)
})
