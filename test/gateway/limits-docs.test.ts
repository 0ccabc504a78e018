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
