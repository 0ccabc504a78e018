import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from '@jest/globals'

const ROOT = path.resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')
const page = read('docs/kernel-evidence.md')

/** The constant beginnings of the texts of signs, as the sources have them. */
function beginnings(file: string): string[] {
  const found = [...read(`lib/evidence/linux/${file}.ts`).matchAll(/(?:firm\(|text: |text = |return )(?:'([^']*)'|`([^`]*)`)/g)] // prettier-ignore
  const texts = found.map(([, plain, template = '']) => plain ?? template.split('${')[0] ?? '')
  // An address is no sign, nor is one that begins with another.
  return texts.map((text) => text.replace(/ (from )?$/, '')).filter((text) => /^[a-z]/.test(text))
}

const documented = new Set(
  [...page.matchAll(/^\| (`[^|]*`) +\|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text)), // prettier-ignore
)

describe('docs/kernel-evidence.md', () => {
  it.each(['relay-signs', 'ancestor-sign', 'outbound-sign'])('has every sign of %s', (file) => {
    const signs = beginnings(file)
    expect(signs.length).toBeGreaterThanOrEqual(file === 'relay-signs' ? 11 : 1)
    expect(signs.filter((sign) => !documented.has(sign))).toEqual([])
  })

  it('has no sign that the sources do not have', () => {
    const sources = ['relay-signs', 'ancestor-sign', 'outbound-sign'].map((file) => read(`lib/evidence/linux/${file}.ts`)).join() // prettier-ignore
    const start = page.indexOf('## Signs')
    const rows = page.slice(start, page.indexOf('\n## ', start + 1)).matchAll(/^\| (`[^|]*`) +\|/gm)
    const signs = [...rows].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
    )
    expect(signs.length).toBeGreaterThan(11)
    expect(signs.filter((sign) => !sources.includes(sign))).toEqual([])
  })

  it('names specimens that exist', () => {
    for (const [, link = ''] of page.matchAll(/\]\(\.\.\/([^)]+)\)/g)) expect(read(link)).not.toBe('')
  })

  it('names the script that measures', () => {
    expect(page).toContain('npm run bench:peer-lookup')
    expect(JSON.parse(read('package.json'))).toHaveProperty(['scripts', 'bench:peer-lookup'])
  })
})
