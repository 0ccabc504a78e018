import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import type { LocalityOptions, LocalityVerdict } from '../../lib/locality/index.ts'
import type { GatewayLimits } from '../../lib/gateway/index.ts'

/** One gateway in an Express app: `/gateway` is the WebSocket, `GET /verdict` answers `req.clientLocality`. */
export type GatewaySetup = {
  readonly locality: LocalityOptions
  readonly limits?: Partial<GatewayLimits>
  /** `false`: only the kernel speaks for a client, also for one that could prove itself. */
  readonly localSecret?: false
  /** A file for SQLite. Default: in memory. */
  readonly storeFile?: string
  /** On 127.0.0.1. Default: one that is free. */
  readonly port?: number
  /** A further address to listen on, besides 127.0.0.1 and a Unix socket. */
  readonly address?: string
}

export type ServedGateway = {
  /** On 127.0.0.1. */
  readonly port: number
  /** On the further address; 0 without one. */
  readonly addressPort: number
  readonly socketPath: string
}

export type Gateways = {
  readonly served: readonly ServedGateway[]
  /** All that the process has complained about. */
  complaints(): string
  stop(): Promise<void>
}

/** Serves them from a process of its own, as a user would. */
export async function startGateways(setups: readonly GatewaySetup[]): Promise<Gateways> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateways-'))
  chmodSync(folder, 0o755)
  const program = path.join(import.meta.dirname, 'children/serve-gateways.ts')
  const flags = ['--experimental-strip-types', '--no-warnings']
  const args = [...flags, program, JSON.stringify({ folder, setups })]
  // It ends by itself when its standard input does, whatever becomes of us.
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const said: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  const complaints = (): string => Buffer.concat(said).toString('utf8')

  const served = await new Promise<ServedGateway[]>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve(JSON.parse(line) as ServedGateway[])
    })
    void ended.then(() => {
      reject(new Error(`the gateways have ended: ${complaints()}`))
    })
  })
  await askFirst(served[0]?.port ?? 0)
  return {
    served,
    complaints,
    async stop() {
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(timer)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The first question starts the thread that asks the kernel: on a busy machine that outlasts the question. */
async function askFirst(port: number): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const verdict = await new Promise<LocalityVerdict>((resolve, reject) => {
      const asked = get({ port, host: '127.0.0.1', path: '/verdict', agent: false }, (response) => {
        json(response).then((body) => {
          resolve(body as LocalityVerdict)
        }, reject)
      })
      asked.on('error', reject)
    })
    if (verdict.reason !== 'peer-unproven') return
  }
}
