import { randomUUID } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import { print, type CommonOptions } from '../cli-context.ts'
import type { Ours } from '../config-readers/proxy-site.ts'
import { CliExit, EXIT } from '../exit-codes.ts'
import { terminalOf } from '../terminal.ts'
import { checkFiles } from './check-files.ts'
import { checkListeners } from './check-listeners.ts'
import { checkNode } from './check-node.ts'
import { checkOwnCall, checkPlainRequest } from './check-own-call.ts'
import { checkProxies, type ProxyFlags } from './check-proxies.ts'
import { checkTrust } from './check-trust.ts'
import { describeFindings } from './describe-findings.ts'
import { green, type Finding } from './finding.ts'
import { readGatewayReport, type GatewayReport } from './gateway-report.ts'
import { handToGateway } from './hand-to-gateway.ts'
import { openOwnerLink, type OwnerLink } from './owner-link.ts'
import { probePublicUrls } from './probe-public-urls.ts'
import { askWhoami, type Whoami } from './whoami.ts'

export type DoctorOptions = CommonOptions &
  ProxyFlags & { readonly stateDir: string; readonly store?: string }

/** Looks at everything, prints what it found, and ends with 1 when something is red. */
export async function runDoctor(publicUrls: readonly string[], options: DoctorOptions): Promise<void> {
  const opened = await openOwnerLink(options)
  const link = 'ask' in opened ? opened : null
  try {
    const findings = await examine(publicUrls, options, link)
    const all = 'ask' in opened ? findings : [opened, ...findings]
    await handToGateway(all, link)
    const isWell = all.every((finding) => finding.level !== 'red')
    print(options, { ok: isWell, findings: all }, () => describeFindings(all, terminalOf()))
    if (!isWell) throw new CliExit(EXIT.failed)
  } finally {
    link?.close()
  }
}

async function examine(
  publicUrls: readonly string[],
  options: DoctorOptions,
  link: OwnerLink | null,
): Promise<Finding[]> {
  const report = readGatewayReport(await link?.ask('doctor.report', {}))
  const url = gatewayUrl(options.url)
  const plain = link === null || url === null ? 'the gateway cannot be asked' : await askWhoami(`${url.http}/whoami`, randomUUID())
  const gatewayId = report.gatewayId ?? (typeof plain === 'string' ? null : plain.gatewayId)
  const proxies = await checkProxies(options, oursOf(report, url))
  const target = { gatewayId, mount: url?.mount ?? '', ownPort: url?.port ?? null }
  const { node } = report
  return [
    ...(link === null ? [] : await aboutGateway(link, options.url, gatewayId, plain)),
    checkNode(node ?? process.versions.node, node === undefined ? 'this command line' : 'the gateway'),
    ...(link === null ? [] : [...checkTrust(report, proxies.sites > 0), ...checkListeners(report)]),
    ...checkFiles(report, options).filter((finding) => link !== null || !finding.check.startsWith('secret')),
    ...proxies.findings,
    ...(await probePublicUrls(publicUrls, target, link)),
  ]
} // prettier-ignore

async function aboutGateway(
  link: OwnerLink,
  url: string,
  gatewayId: string | null,
  plain: Whoami | string,
): Promise<Finding[]> {
  const own = await link.ask('locality.explain', { connId: link.connId })
  return [
    green('gateway', `${url} answers, id ${gatewayId ?? 'unknown'}`),
    checkOwnCall(own),
    checkPlainRequest(plain),
  ]
}

type GatewayUrl = { readonly http: string; readonly mount: string; readonly port: number }

/** Where the gateway's HTTP routes are; `null` for what is not ws:// or wss://. */
function gatewayUrl(text: string): GatewayUrl | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^(?:wss?|https?):$/.test(url.protocol)) return null
  const isSecure = url.protocol === 'wss:' || url.protocol === 'https:'
  const mount = url.pathname.replace(/\/+$/, '')
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port)
  return { http: `${isSecure ? 'https' : 'http'}://${url.host}${mount}`, mount, port }
}

/** Where a proxy of this machine would find the gateway. */
function oursOf({ listeners = [] }: GatewayReport, url: GatewayUrl | null): Ours {
  const tcp = listeners.find((listener) => listener.kind === 'tcp')
  return {
    port: url?.port ?? tcp?.port ?? 4747,
    hosts: Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
    sockets: listeners.filter((listener) => listener.kind === 'unix').map(({ path }) => path),
  }
} // prettier-ignore
