import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { expect, it } from '@jest/globals'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'

const files = path.resolve(import.meta.dirname, 'specimens')
// A pid namespace of one's own needs root; without it this is listed as skipped.
const asRoot = process.geteuid?.() === 0 ? it : it.skip

asRoot('init that listens is the parent of what it starts, not of the orphans that it adopts', () => {
  const command = [
    '--pid',
    '--fork',
    '--mount-proc',
    process.execPath,
    `${files}/listening-init.mjs`,
    `${files}/probe-gateway.ts`,
  ]
  const { stdout, status } = spawnSync('unshare', command, { encoding: 'utf8', timeout: 25_000 })
  expect(status).toBe(0)
  const answers = stdout
    .split('\n')
    .filter((line) => line.includes('"label"'))
    .map((line) => JSON.parse(line) as { label: string; evidence: PeerEvidence })
  const evidence = Object.fromEntries(answers.map(({ label, evidence: found }) => [label, found]))
  expect(evidence).toMatchObject({
    child: { status: 'relay', sign: expect.stringMatching(/^parent node \(pid 1\) listens on 0\.0\.0\.0/) },
    orphan: { status: 'same-user' },
    'orphan-with-a-session': { status: 'same-user' },
  })
})
