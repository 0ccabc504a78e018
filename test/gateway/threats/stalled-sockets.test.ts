import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import { readUntil, tcp, upgradeText } from '../raw-upgrade.ts'
import { admittedAs } from '../signed-connect.ts'

/** Long enough that all of them stand at a time on a slow machine too. */
const HANDSHAKE_MS = 30_000
const KINDS: readonly [string, (socket: Socket) => Promise<unknown>][] = [
  ['TCP alone', () => Promise.resolve()],
  [
    'half an upgrade',
    (socket) => {
      socket.write(upgradeText('/gateway').slice(0, 60))
      return Promise.resolve()
    },
  ],
  ['silent after the 101', upgraded],
  [
    'half a frame after the challenge',
    async (socket) => {
      await upgraded(socket)
      socket.write(Buffer.from([0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0, 0x7b, 0x22]))
    },
  ],
  [
    'never reading',
    async (socket) => {
      socket.pause()
      socket.write(upgradeText('/gateway'))
      await Promise.resolve()
    },
  ],
]
/** 1,000 of each kind, or what fits into the files that this process may have open. */
const EACH = Math.min(1000, Math.floor((fileLimit() - 500) / KINDS.length))
const ALL = EACH * KINDS.length

async function upgraded(socket: Socket): Promise<void> {
  socket.write(upgradeText('/gateway'))
  await readUntil(socket, 'connect.challenge')
  socket.resume()
}

function fileLimit(): number {
  const line = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
  return Number(line?.[1] ?? 1024)
}

type Served = { readonly port: number; readonly descriptors: () => Promise<number> }
let child: ChildProcess | null = null
let sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets = []
  if (child === null) return
  child.stdin?.end()
  if (child.exitCode === null) await once(child, 'exit')
  child = null
})

async function serve(): Promise<Served> {
  const script = path.join(import.meta.dirname, '../children/serve-stallable.ts')
  const args = ['--no-warnings', script, String(HANDSHAKE_MS)]
  const started = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child = started
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<number> => Number((await lines.next()).value)
  return {
    port: await next(),
    descriptors: () => {
      started.stdin.write('\n')
      return next()
    },
  }
}

const describeOnLinux = existsSync('/proc/self/limits') ? describe : describe.skip

describeOnLinux('threat 17: stalled sockets', () => {
  test(`${ALL} of them, ${EACH} of each kind, keep no honest client out and leave no descriptor behind`, async () => {
    const { port, descriptors } = await serve()
    const url = `ws://127.0.0.1:${port}/gateway`
    const honest = async (): Promise<number> => {
      const started = performance.now()
      const { client } = await admittedAs(url, createDeviceIdentity())
      const took = performance.now() - started
      client.close()
      await client.closed
      return took
    }
    await honest()
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100))
    // The lowest of some: the gateway's end of the first connection closes a little later.
    let baseline = await descriptors()
    for (let i = 0; i < 10; i += 1) {
      await pause()
      baseline = Math.min(baseline, await descriptors())
    }

    for (let i = 0; i < ALL; i += 100) {
      const batch = Array.from({ length: Math.min(100, ALL - i) }, async (_, k) => {
        const socket = await tcp(port)
        sockets.push(socket)
        await KINDS[(i + k) % KINDS.length]?.[1](socket)
      })
      await Promise.all(batch)
    }
    expect(await descriptors()).toBeGreaterThanOrEqual(baseline + ALL)
    const took = await honest()
    // All of them have stood all the while.
    expect(await descriptors()).toBeGreaterThanOrEqual(baseline + ALL)
    console.log(`beside ${ALL} stalled sockets an honest client connected in ${Math.round(took)} ms`)

    // They go by the deadline; none of them is ended here.
    const end = performance.now() + 120_000
    let left = await descriptors()
    while (left > baseline && performance.now() < end) {
      await pause()
      left = await descriptors()
    }
    expect(left).toBeLessThanOrEqual(baseline)
    await honest()
  }, 300_000)
})
