import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from '@jest/globals'

const child = path.resolve(import.meta.dirname, 'children/own-address.ts')
const namespace = `latchkey-own-${process.pid}`
// A network namespace of one's own needs root; without it this is listed as skipped.
const asRoot = process.geteuid?.() === 0 ? test : test.skip

asRoot(
  "a client on this host that uses the host's own address is local when that is allowed and proved",
  () => {
    const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
    ip('netns', 'add', namespace)
    try {
      ip('-n', namespace, 'addr', 'add', '192.0.2.5/32', 'dev', 'lo')
      ip('-n', namespace, 'link', 'set', 'lo', 'up')
      const command = ['netns', 'exec', namespace, process.execPath, '--no-warnings', child, '192.0.2.5']
      const local = {
        isLocal: true,
        kind: 'direct',
        assurance: 'same-user',
        clientAddress: '192.0.2.5',
        silent: true,
      }
      expect(JSON.parse(ip(...command))).toMatchObject({
        allowed: local,
        notAllowed: { isLocal: false, reason: 'peer-not-loopback', clientAddress: '192.0.2.5' },
        byHeadersAlone: { isLocal: false, reason: 'peer-not-loopback' },
        otherHost: { isLocal: false, reason: 'host-not-local' },
        forwarded: { isLocal: false, reason: 'forwarding-untrusted' },
      })
    } finally {
      ip('netns', 'delete', namespace)
    }
  },
)
