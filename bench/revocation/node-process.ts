import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Where a gateway keeps its pairings: a file, or a PostgreSQL database and where it listens. */
export type NodeStore =
  { readonly file: string } | { readonly database: string; readonly listenAt?: string | undefined }

export type NodeProcess = { readonly url: string; end(): Promise<void> }

/** Starts `serve-node.ts`: a gateway in a process of its own, which ends with ours. */
export async function startNode(host: string, store: NodeStore): Promise<NodeProcess> {
  const script = new URL('./serve-node.ts', import.meta.url)
  const child = fork(script, [JSON.stringify({ host, store })], {
    execArgv: ['--no-warnings'],
    stdio: 'inherit',
  })
  const ended = once(child, 'exit')
  const [{ url }] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('a gateway has ended before it listened'))),
  ])) as [{ url: string }]
  return {
    url,
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
