// What an idle connection of a paired device holds in memory, against an idle bare one.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Result } from '../result.ts'
import { clientProcess } from './client-process.ts'

type Memory = { readonly held: number; readonly rss: number }
type Measured = Memory & {
  /** Resident memory that as many connections need once the first have gone. */ readonly again: number
}

export async function benchMemory({ connections = 2000 } = {}): Promise<Result[]> {
  const bare = await measure('bare', connections)
  const ours = await measure('latchkey', connections)
  const line = (what: string, of: keyof Memory, aim?: number): Result => {
    const ratio = ours[of] / bare[of]
    const more = of === 'rss' ? `; as many once more ${kib(ours.again)} / ${kib(bare.again)}` : ''
    const cost = `${kib(ours[of])} / ${kib(bare[of])}${more}`
    return { group: 'Memory', what, against: 'an idle bare ws connection', ratio, spread: [ratio, ratio], cost, aim }
  }
  return [
    line(`idle connection of a paired device, ${connections} of them: heap and buffers`, 'held', 1.2),
    line('the same, resident memory of the process', 'rss'),
  ]
} // prettier-ignore

/** Bytes for each connection. */
async function measure(kind: 'bare' | 'latchkey', connections: number): Promise<Measured> {
  const script = new URL('./memory-server.ts', import.meta.url)
  const server = fork(script, [kind], { execArgv: ['--expose-gc', '--no-warnings'], stdio: 'inherit' })
  let clients = clientProcess()
  const tell = async (): Promise<Memory> => {
    server.send('tell')
    return ((await once(server, 'message')) as [Memory])[0]
  }
  try {
    const [{ url }] = (await once(server, 'message')) as [{ url: string }]
    const order = { kind: kind === 'bare' ? ('floor' as const) : kind, url, width: 64, hold: true }
    // What is made once is not counted.
    await clients.run({ ...order, times: 200 })
    const before = await tell()
    await clients.run({ ...order, times: connections })
    const after = await tell()
    clients.end()
    clients = clientProcess()
    // Until most of what they held is free again.
    const most = before.held + (after.held - before.held) / 5
    for (let i = 0; i < 30 && (await tell()).held > most; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 1000))
    await clients.run({ ...order, times: connections })
    const again = await tell()
    const each = (from: Memory, to: Memory, of: keyof Memory): number => (to[of] - from[of]) / connections
    return {
      held: each(before, after, 'held'),
      rss: each(before, after, 'rss'),
      again: each(after, again, 'rss'),
    }
  } finally {
    clients.end()
    server.disconnect()
  }
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`
}
