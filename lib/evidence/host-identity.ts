import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

const FILES = ['/etc/machine-id', '/var/lib/dbus/machine-id']

/**
 * Names this host, the same at every start: a hash over the machine's id and its host name. Containers that were
 * given the machine's id still differ by their host names. `null` where the system keeps no id (macOS, Windows).
 *
 * Does *not* prove anything: whoever runs a gateway can say that it is another host.
 */
export function hostIdentity(): string | null {
  for (const file of FILES) {
    const id = read(file)
    // It is empty, or "uninitialized", in images that were never started.
    if (/^[0-9a-f]{32}$/.test(id))
      return createHash('sha256')
        .update(`latchkey host ${id} ${hostname()}`, 'utf8')
        .digest('hex')
        .slice(0, 32)
  }
  return null
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
