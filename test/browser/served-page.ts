import { spawn } from 'node:child_process'
import path from 'node:path'

const CHILD = path.resolve(import.meta.dirname, 'children/serve-page.ts')

export type PageServer = { readonly port: number; readonly origin: string; close(): Promise<void> }

export type PageSetup = {
  readonly storeFile: string
  readonly silent: 'always' | 'never'
  /** Default: a free one. */
  readonly port?: number
}

/** A page with the built client and a gateway, in a process of their own, as an app has them. */
export async function servePage(setup: PageSetup): Promise<PageServer> {
  const child = spawn(process.execPath, ['--no-warnings', CHILD, JSON.stringify({ port: 0, ...setup })], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString('utf8'))))
    void ended.then(() => reject(new Error('the page server ended')))
  })
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close() {
      child.stdin.end()
      return ended
    },
  }
}
