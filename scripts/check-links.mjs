// Links of the pages: the file is there, and so is the heading that the anchor names. Addresses on the web are only
// checked for their form, because the check has to work without a network.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const LINK = /\[(?:[^\]\\]|\\.)*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((page) => page !== '' && existsSync(page))
const problems = []
let count = 0
for (const page of pages) {
  const text = withoutCode(readFileSync(page, 'utf8'))
  for (const [, inline, reference] of text.matchAll(LINK)) {
    count += 1
    const problem = problemOf(page, inline ?? reference)
    if (problem !== null) problems.push(`${page}: ${inline ?? reference}: ${problem}`)
  }
}
for (const problem of problems) console.error(problem)
console.log(`${count} links in ${pages.length} pages`)
process.exit(problems.length > 0 || count === 0 ? 1 : 0)

function problemOf(page, link) {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) {
    if (!URL.canParse(link)) return 'is no URL'
    return /^(?:https|mailto):/.test(link) ? null : 'a page links to https'
  }
  const [file = '', anchor] = decodeURIComponent(link).split('#')
  const target = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(target)) return 'there is no such file'
  if (path.relative('.', target).startsWith('..')) return 'leaves the repository'
  if (anchor === undefined) return null
  if (!target.endsWith('.md')) return 'an anchor needs a page'
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? null : 'there is no such heading'
}

/** As GitHub makes them: lower case, no punctuation, hyphens for spaces, a number for what comes twice. */
function anchorsOf(text) {
  const seen = new Map()
  const anchors = new Set([...text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map((match) => match[1]))
  for (const [, heading] of withoutFences(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = plain.replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '').replaceAll(/\s/g, '-')
    const times = seen.get(slug) ?? 0
    anchors.add(times === 0 ? slug : `${slug}-${times}`)
    seen.set(slug, times + 1)
  }
  return anchors
}

function withoutFences(text) {
  return text.replaceAll(/^(\s*)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2\s*$/gm, '')
}

function withoutCode(text) {
  return withoutFences(text).replaceAll(/`[^`\n]*`/g, '')
}
