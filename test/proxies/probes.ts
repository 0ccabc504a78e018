import { spawn } from 'node:child_process'
import path from 'node:path'
import type { LocalityVerdict } from '../../lib/locality/index.ts'

/** A list is as many fields of that name. */
export type ProbeHeaders = Readonly<Record<string, string | readonly string[]>>

/** What a client does. */
export type Probe = {
  readonly name: string
  /**
   * `get`: asks for `/verdict`. `connect`: pairs with the client library. `wire`: pairs by hand, to see the
   * close code.
   */
  readonly kind: 'get' | 'connect' | 'wire'
  readonly host: string
  readonly port: number
  /** Of a `wire`, `Connection` is what stands beside `Upgrade` there. */
  readonly headers?: ProbeHeaders
  /** Default: a device made for this probe alone. */
  readonly identityFile?: string
  readonly scopes?: readonly string[]
  /** Called once it is connected. */
  readonly call?: { readonly method: string; readonly params: unknown }
}

/** What came of it. */
export type ProbeResult = {
  readonly name: string
  /** Of `get`. */
  readonly verdict?: LocalityVerdict
  /** Of the other two. */
  readonly connect?: ConnectResult
  /** Neither an answer nor a refusal. */
  readonly failure?: string
}

export type ConnectResult =
  | { readonly isPaired: true; readonly deviceId: string; readonly answer?: unknown }
  | {
      readonly isPaired: false
      readonly deviceId: string
      readonly code: string
      readonly requestId?: string
      readonly digest?: string
      readonly reason?: string
      readonly localityReason?: string
      /** Of `wire` alone. */
      readonly closeCode?: number
      readonly closeReason?: string
    }

const LIMIT_MS = 80_000

/** The proxy did not carry the probe to the gateway and back: that says nothing of the gateway. */
const NOT_CARRIED = /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|HTTP 50\d|response: 50\d/
const TRIES = 3

/**
 * Runs them in one process of its own; with the prefix of a second host, over there. Those that a proxy did not
 * carry (it reloads, or closes a kept connection in that moment) are run again.
 */
export async function runProbes(
  probes: readonly Probe[],
  prefix: readonly string[] = [],
): Promise<ReadonlyMap<string, ProbeResult>> {
  const results = new Map<string, ProbeResult>()
  let left = probes
  for (let attempt = 1; left.length > 0 && attempt <= TRIES; attempt += 1) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, 1000))
    for (const [name, result] of await runOnce(left, prefix)) results.set(name, result)
    left = left.filter(({ name }) => NOT_CARRIED.test(results.get(name)?.failure ?? ''))
  }
  return results
}

async function runOnce(
  probes: readonly Probe[],
  prefix: readonly string[],
): Promise<ReadonlyMap<string, ProbeResult>> {
  const script = path.join(import.meta.dirname, 'children/probe.ts')
  const flags = ['--experimental-strip-types', '--no-warnings']
  const [program, ...args] = [...prefix, process.execPath, ...flags, script]
  // In a session of its own, so that nothing above the test run is taken for its ancestor.
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(JSON.stringify(probes))
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the probes have failed: ${Buffer.concat(stderr).toString()}`)
  const results = JSON.parse(Buffer.concat(stdout).toString()) as ProbeResult[]
  return new Map(results.map((result) => [result.name, result]))
}
