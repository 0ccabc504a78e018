import path from 'node:path'
import type { PairedRecord, PendingRecord } from '../../lib/cli/owner-records.ts'
import { runCli, scratchFolder, serve, type CliResult, type Served } from './cli-process.ts'

/** As a proxy that nobody trusts would send it: the caller is remote. */
export const FAR = ['--header', 'X-Forwarded-For: 203.0.113.7']

export type ServedGateway = {
  readonly served: Served
  readonly folder: string
  readonly home: string
  /** The options that name this gateway and the owner's keys. */
  readonly options: readonly string[]
  readonly cli: (...args: string[]) => Promise<CliResult>
  readonly json: <T>(...args: string[]) => Promise<T>
  /** Lets a key of this name ask for something from elsewhere; resolves with the request that waits. */
  readonly ask: (name: string, ...args: string[]) => Promise<PendingRecord>
  /** The paired device with the key of this name. */
  deviceOf(request: PendingRecord): Promise<PairedRecord>
  stop(): Promise<void>
}

/** A gateway process, and command lines for it. */
export async function servedGateway(...more: readonly string[]): Promise<ServedGateway> {
  const scratch = scratchFolder()
  const served = await serve(scratch.path, ...more)
  const home = path.join(scratch.path, 'home')
  const options = ['--url', served.url, '--home', home]
  const cli = (...args: string[]): Promise<CliResult> => runCli([...args, ...options])
  async function json<T>(...args: string[]): Promise<T> {
    const { stdout } = await cli(...args, '--json')
    return JSON.parse(stdout) as T
  }
  return {
    served,
    folder: scratch.path,
    home,
    options,
    cli,
    json,
    async ask(name, ...args) {
      const identity = path.join(scratch.path, `${name}.json`)
      const refused = await cli('call', 'health', ...FAR, '--identity', identity, '--json', ...args)
      const { error } = JSON.parse(refused.stdout) as { error: { details: { requestId: string } } }
      const pending = await json<PendingRecord[]>('requests')
      const found = pending.find((request) => request.requestId === error.details.requestId)
      if (found === undefined) throw new Error(`no request of ${name}: ${refused.stdout}`)
      return found
    },
    async deviceOf({ deviceId }) {
      const found = (await json<PairedRecord[]>('devices')).find((device) => device.deviceId === deviceId)
      if (found === undefined) throw new Error(`${deviceId} is not paired`)
      return found
    },
    async stop() {
      await served.stop()
      scratch.remove()
    },
  }
}
