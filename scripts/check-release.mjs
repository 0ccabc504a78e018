// What must be true before a version is published: the tag is the version, the changelog has it with a date, and
// `repository` names the repository that the provenance statement will name.
import { readFileSync } from 'node:fs'

const [tag] = process.argv.slice(2)
const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'))
const problems = []
if (tag !== `v${version}`)
  problems.push(`the tag is ${tag ?? 'missing'}, and package.json says ${version}: tag v${version}`)
const heading = readFileSync('CHANGELOG.md', 'utf8')
  .split('\n')
  .find((line) => line.startsWith(`## ${version}`))
if (heading === undefined) problems.push(`CHANGELOG.md has no heading for ${version}`)
else if (!/\d{4}-\d{2}-\d{2}/.test(heading)) problems.push(`CHANGELOG.md has no date beside ${version}`)
const url = typeof repository === 'string' ? repository : (repository?.url ?? '')
const here = process.env.GITHUB_REPOSITORY
if (url === '') problems.push('package.json has no repository, which provenance needs')
else if (here !== undefined && !url.replace(/\.git$/, '').endsWith(`/${here}`))
  problems.push(`package.json names the repository ${url}, and this one is ${here}`)
for (const problem of problems) console.error(problem)
process.exit(problems.length > 0 ? 1 : 0)
