// Writes the software bill of materials of what an installed Latchkey brings, as CycloneDX JSON, to standard output.
// `npm sbom --omit=dev` leaves out what a tool of development needs too, so the lock file says what is needed.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const flags = ['--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=library']
const { status, stdout, stderr } = spawnSync('npm', ['sbom', ...flags], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
if (status !== 0) {
  console.error(`npm sbom failed; it takes npm 10 or newer.\n${stderr}`)
  process.exit(1)
}
const bom = JSON.parse(stdout)
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const { name, version } = packages['']
const needed = new Set([`${name}@${version}`])
for (const [folder, entry] of Object.entries(packages)) {
  if (folder === '' || entry.dev === true || entry.devOptional === true) continue
  needed.add(`${folder.replace(/^.*node_modules\//, '')}@${entry.version}`)
}
// npm takes the name of the folder for that of the package.
bom.metadata.component.name = name
bom.components = bom.components.filter((component) => needed.has(`${component.name}@${component.version}`))
const references = new Set([
  bom.metadata.component['bom-ref'],
  ...bom.components.map((component) => component['bom-ref']),
])
bom.dependencies = bom.dependencies
  .filter(({ ref }) => references.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) }))
console.log(JSON.stringify(bom, null, 2))
