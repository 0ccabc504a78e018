import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { parseLimits } from '../../lib/gateway/limits.ts'

const page = readFileSync(path.join(import.meta.dirname, '../../docs/limits.md'), 'utf8')

test('docs/limits.md has every limit with its default, and no other', () => {
  const rows = [...page.matchAll(/^\| `(\w+)`\s*\| `(\d+)`/gm)].map(([, name, value]) => [
    name,
    Number(value),
  ])
  expect(Object.fromEntries(rows)).toEqual(parseLimits())
})

test('docs/limits.md has the fixed ones as the sources have them', () => {
  const rows = [...page.matchAll(/^\|[^|]+\| `(\d+)`[^|]*\|[^|]*\| `(\w+)` in `(lib\/[^`]+)` +\|$/gm)]
  expect(rows.length).toBeGreaterThan(15)
  for (const [, value, name = '', file = ''] of rows) {
    const source = readFileSync(path.join(import.meta.dirname, '../..', file), 'utf8')
    const [, product = ''] = new RegExp(`const ${name} = ([\\d_ *]+)\\n`).exec(source) ?? []
    const factors = product.split('*').map((factor) => Number(factor.replaceAll('_', '')))
    expect([file, name, factors.reduce((left, right) => left * right, 1)]).toEqual([
      file,
      name,
      Number(value),
    ])
  }
})
