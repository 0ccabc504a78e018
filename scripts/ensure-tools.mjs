// The programs that the tests drive. What is missing is installed from Debian's packages where that is
// possible (root, apt-get); otherwise it is named, and with CI=true a missing program ends the run.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const TOOLS = [
  { program: 'nginx', packages: ['nginx', 'libnginx-mod-stream'] },
  { program: 'ip', packages: ['iproute2'] },
  { program: 'nft', packages: ['nftables'] },
  { program: 'socat', packages: ['socat'] },
  { program: 'python3', packages: ['python3'] },
  { program: 'curl', packages: ['curl'] },
  { program: 'setpriv', packages: ['util-linux'] },
]

export function ensureTools() {
  let missing = TOOLS.filter((tool) => !isInstalled(tool.program))
  if (missing.length === 0) return
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    const packages = missing.flatMap((tool) => tool.packages)
    console.error(`installing what the tests drive: ${packages.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    })
    missing = TOOLS.filter((tool) => !isInstalled(tool.program))
  }
  if (missing.length === 0) return
  const names = missing.map((tool) => tool.program).join(', ')
  console.error(`missing: ${names}. Install: ${missing.flatMap((tool) => tool.packages).join(' ')}`)
  if (process.env.CI === 'true') process.exit(1)
}

/** Also looks where Debian keeps the administrator's programs, which an ordinary user's PATH leaves out. */
export function isInstalled(program) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)))
}
