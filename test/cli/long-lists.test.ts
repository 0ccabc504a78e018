import path from 'node:path'
import { expect, test } from '@jest/globals'
import { sqliteStore } from '../../lib/index.ts'
import { fillLists } from '../store/long-lists.ts'
import { runCli, scratchFolder, serve } from './cli-process.ts'
import { cliInPty } from './pty.ts'

const DEVICES = 10_000
const REQUESTS = 1000

test('10,000 devices and 1,000 requests are listed to the last, and one is found by its key', async () => {
  const scratch = scratchFolder()
  const store = await sqliteStore(path.join(scratch.path, 'state/latchkey.db'))
  await fillLists(store, { devices: DEVICES, requests: REQUESTS })
  await store.close()
  const gateway = await serve(scratch.path)
  try {
    const options = ['--url', gateway.url, '--home', path.join(scratch.path, 'home'), '--timeout', '120']
    const terminal = cliInPty(['devices', ...options])
    expect(await terminal.exited).toBe(0)
    expect(terminal.output().match(/\bdevice \d+\b/g)).toHaveLength(DEVICES)
    const requests = cliInPty(['requests', ...options])
    expect(await requests.exited).toBe(0)
    expect(requests.output().match(/Request .{0,8}r-\d+/g)).toHaveLength(REQUESTS)

    const listed = JSON.parse((await runCli(['devices', '--json', ...options])).stdout || '[]') as {
      deviceId: string
      displayName: string
    }[]
    const wanted = listed.find(({ displayName }) => displayName === 'device 7777')
    const renamed = await runCli(['rename', wanted?.deviceId.slice(0, 16) ?? '', 'Kiosk', ...options])
    expect([renamed.stderr, renamed.code]).toEqual(['', 0])
  } finally {
    await gateway.stop()
    scratch.remove()
  }
}, 240_000)
