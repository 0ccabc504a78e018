// The programs that the tests drive. What is missing is installed from Debian's packages where that is
// possible (root, apt-get); otherwise it is named, and with CI=true a missing program ends the run.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const TOOLS = [
  { program: 'nginx', packages: ['nginx', 'libnginx-mod-stream'] },
  { program: 'haproxy', packages: ['haproxy'] },
  { program: 'caddy', packages: ['caddy'] },
  { program: 'apache2', packages: ['apache2'] },
  { program: 'sshd', packages: ['openssh-server'] },
  { program: 'ssh', packages: ['openssh-client'] },
  { program: 'ip', packages: ['iproute2'] },
  { program: 'nft', packages: ['nftables'] },
  { program: 'lsof', packages: ['lsof'] },
  { program: 'socat', packages: ['socat'] },
  { program: 'python3', packages: ['python3'] },
  { program: 'curl', packages: ['curl'] },
  { program: 'setpriv', packages: ['util-linux'] },
  { program: 'chromium', packages: ['chromium'] },
  { program: 'initdb', packages: ['postgresql'] },
  { program: 'pgbouncer', packages: ['pgbouncer'] },
  { program: 'openssl', packages: ['openssl'] },
]

export function ensureTools() {
  let missing = TOOLS.filter((tool) => !isInstalled(tool.program))
  if (missing.length === 0) return
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    const packages = missing.flatMap((tool) => tool.packages)
    console.error(`installing what the tests drive: ${packages.join(' ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env })
    withoutServices(() => {
      spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env,
      })
    })
    missing = TOOLS.filter((tool) => !isInstalled(tool.program))
  }
  if (missing.length === 0) return
  const names = missing.map((tool) => tool.program).join(', ')
  console.error(`missing: ${names}. Install: ${missing.flatMap((tool) => tool.packages).join(' ')}`)
  if (process.env.CI === 'true') process.exit(1)
}

/** Debian starts the services of what it installs; the tests start their own, on ports of their own. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  // Counts only while we run, should we not come to remove it.
  const script = `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nrm -f "$0"\nexit 104\n`
  if (isOurs) writeFileSync(policy, script, { mode: 0o755 })
  try {
    install()
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
}

/** Also looks where Debian keeps the administrator's and PostgreSQL's programs, which the PATH leaves out. */
export function isInstalled(program) {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const postgres = versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
  const administrator = ['/usr/sbin', '/sbin', '/usr/local/sbin']
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...administrator, ...postgres]
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)))
}
