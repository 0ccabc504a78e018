import { InvalidArgumentError } from 'commander'

/** A request that is put together on the command line. */
export type RequestFlags = {
  readonly peer?: string
  readonly localAddress?: string
  /** `false`: with `--no-host`. */
  readonly host?: string | boolean
  readonly header?: readonly (readonly [string, string])[]
  readonly target?: string
  readonly httpVersion?: string
  readonly upgrade?: boolean
  readonly listener?: string
  readonly transport?: string
  readonly kernel?: string
  readonly process?: string
  readonly uid?: number
  readonly tainted?: boolean
  readonly localSecret?: boolean
}

const DEFAULT_HOST = 'localhost:4747'
const NAME = /^([^:\s][^:]*):(?: (.*)|(.*))$/s

/** A plain local request, and what the flags say is different about it. Of the kernel nothing is assumed. */
export function recordOfFlags(flags: RequestFlags): object {
  const transport = flags.transport ?? 'tcp'
  const headers = flags.header ?? []
  const hasHost = headers.some(([name]) => name.toLowerCase() === 'host')
  const host = typeof flags.host === 'string' ? flags.host : DEFAULT_HOST
  const sendsHost = flags.host !== false && (typeof flags.host === 'string' || !hasHost)
  return {
    transport,
    remoteAddress: flags.peer ?? (transport === 'tcp' ? '127.0.0.1' : null),
    localAddress: flags.localAddress,
    httpVersion: flags.httpVersion,
    url: flags.target,
    rawHeaders: [...(sendsHost ? ['Host', host] : []), ...headers.flat()],
    upgrade: flags.upgrade,
    listener: flags.listener,
    localSecret: flags.localSecret,
    tainted: flags.tainted,
    ...peerOfFlags(flags),
  }
}

/** With `--kernel` that answer; without it, what can be told from a process and its user. */
function peerOfFlags({ kernel, process, uid }: RequestFlags): object {
  if (kernel !== undefined) return { peer: { status: kernel, uid, process } }
  return process === undefined ? {} : { peerOwner: { uid, comm: process } }
}

/** `Name: value`, as curl takes it. Odd names and values are let through: they are what is to be explained. */
export function readHeaderFlag(text: string): readonly [string, string] {
  const match = NAME.exec(text)
  if (match === null) throw new InvalidArgumentError(`Expected a header such as 'X-Forwarded-For: 203.0.113.7'.`)
  return [match[1] ?? '', match[2] ?? match[3] ?? '']
} // prettier-ignore
