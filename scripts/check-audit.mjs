// Known vulnerabilities in what is installed at run time. A registry that does not answer such questions is no proof
// of anything: that is said loudly, and is a failure only where LATCHKEY_AUDIT=required asks for an answer.
import { spawnSync } from 'node:child_process'

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' })
const report = parsed(stdout)
const counts = report?.metadata?.vulnerabilities
if (counts === undefined) {
  const why = report?.message ?? report?.error?.summary ?? 'npm said nothing'
  console.error('NOT CHECKED: the registry gave no answer about known vulnerabilities.')
  console.error(
    `  ${String(why)
      .trim()
      .split('\n')[0]
      .replaceAll(/https?:\S+/g, '…')}`,
  )
  process.exit(process.env.LATCHKEY_AUDIT === 'required' ? 1 : 0)
}
for (const [name, { severity, via }] of Object.entries(report.vulnerabilities ?? {})) {
  const titles = via.map((source) =>
    typeof source === 'string' ? source : `${source.title} (${source.url})`,
  )
  console.error(`${name}: ${severity}: ${titles.join('; ')}`)
}
console.log(`known vulnerabilities at run time: ${counts.total}`)
process.exit(counts.total > 0 ? 1 : 0)

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
