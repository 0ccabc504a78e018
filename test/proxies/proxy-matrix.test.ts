import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startGateways, type GatewaySetup, type Gateways } from './gateways.ts'
import { runProbes, type Probe, type ProbeResult } from './probes.ts'
import { problems, reasonOf, refusalOf, TOO_MANY } from './proxy-answers.ts'
import { CONFIGURATIONS, type Configuration, type RunName } from './proxy-catalogue.ts'
import { HOSTS, startFleet, type HostName, type ProxyFleet } from './proxy-fleet.ts'
import { PROXY_VARIANTS, type ProxyVariant } from './proxy-variants.ts'
import { checkTables, missingLines, type Cell } from './proxy-tables.ts'
import { describeWith } from './required-programs.ts'
import { secondHost, type SecondHost } from './second-host.ts'
import { systemUser } from './system-users.ts'

const LOOPBACK = 1
const TRUST = ['nobody', "['loopback']", "['loopback', the network]"]
/** Who is refused for his process alone gets the same answers with every list. */
const TRUSTS_OF: Readonly<Record<RunName, readonly number[]>> = {
  package: [0, LOOPBACK],
  own: [0, LOOPBACK, 2],
  renamed: [LOOPBACK],
}
const GATEWAYS = ['default', 'forwarded', 'counts www-data'] as const
const KINDS = ['get', 'wire'] as const
const FLOODS = PROXY_VARIANTS.filter(({ column }) => column === 'flood')
const SHOWN = CONFIGURATIONS.filter(({ innerOnly }) => innerOnly !== true)

/** The probes of one client through one proxy, or to the gateway itself. */
type Way = { readonly from: HostName; readonly via: string; readonly trust: number }

describeWith(
  ['second host', 'nginx', 'haproxy', 'caddy', 'apache2', 'socat', 'sshd', 'ssh', 'ssh-keygen'],
  'behind real proxies',
  () => {
    let second: SecondHost
    let gateways: Gateways
    let fleet: ProxyFleet
    let results: ReadonlyMap<string, ProbeResult>

    beforeAll(async () => {
      second = secondHost()
      gateways = await startGateways(setups(second))
      fleet = await startFleet({ second, trusts: TRUST.length, gatewayPort })
      const [near, far] = [proxied('this host'), proxied('the second host')]
      const direct = TRUST.flatMap((_, trust) => directProbes('this host', trust))
      const batches = await Promise.all([
        runProbes(
          [...far, ...TRUST.flatMap((_, trust) => directProbes('the second host', trust))],
          second.prefix,
        ),
        runProbes(near),
        runProbes(direct.filter(isClean)),
      ])
      // Who was seen to forward speaks for others from then on: each kind of forgery comes from a process of its own.
      for (const batch of forgeries(direct)) batches.push(await runProbes(batch))
      results = new Map(batches.flatMap((batch) => [...batch]))
    }, 180_000)

    afterAll(async () => {
      await (fleet as ProxyFleet | undefined)?.stop()
      await (gateways as Gateways | undefined)?.stop()
      ;(second as SecondHost | undefined)?.close()
    }, 20_000)

    function gatewayOf(configuration: Configuration, run: RunName, trust: number): number {
      const program = configuration.into?.program ?? configuration.program
      const kind =
        configuration.forwardedBy !== undefined ? 1 : program === 'Apache' && run !== 'package' ? 2 : 0
      return kind * TRUST.length + trust
    }

    function gatewayPort(configuration: Configuration, run: RunName, trust: number): number {
      return gateways.served[gatewayOf(configuration, run, trust)]?.port ?? 0
    }

    function proxied(from: HostName): Probe[] {
      return SHOWN.flatMap((configuration) =>
        configuration.runs.flatMap((run) =>
          TRUSTS_OF[run].flatMap((trust) => {
            const way = { from, via: viaOf(configuration, run), trust }
            return probesOf(way, fleet.endpoint(configuration, run, trust, from))
          }),
        ),
      )
    }

    function directProbes(from: HostName, trust: number): Probe[] {
      const { port = 0, addressPort = 0 } = gateways.served[trust] ?? {}
      const way = { from, via: 'direct', trust }
      return from === 'this host'
        ? probesOf(way, { host: '127.0.0.1', port })
        : probesOf(way, { host: second.nearAddress, port: addressPort })
    }

    function outcome(way: Way, variant: ProxyVariant, kind: Probe['kind']): ProbeResult {
      const result = results.get(nameOf(way, variant, kind))
      if (result === undefined) throw new Error(`no result of ${nameOf(way, variant, kind)}`)
      return result
    }

    function outcomes(way: Way): { variant: ProxyVariant; result: ProbeResult }[] {
      return PROXY_VARIANTS.flatMap((variant) =>
        KINDS.map((kind) => ({ variant, result: outcome(way, variant, kind) })),
      )
    }

    describe.each(SHOWN)('$program, $title', (configuration) => {
      describe.each(configuration.runs)('%s user', (run) => {
        const via = viaOf(configuration, run)

        it.each(HOSTS)('a client on %s is neither local nor paired silently', (from) => {
          const wrong = TRUSTS_OF[run].flatMap((trust) =>
            outcomes({ from, via, trust }).flatMap(({ variant, result }) => problems(variant, result)),
          )
          expect(wrong).toEqual([])
        })

        if (configuration.looksLocal === true) {
          it.each(HOSTS)('only the kernel gives a client on %s away', (from) => {
            const reasons = TRUSTS_OF[run].flatMap((trust) =>
              PROXY_VARIANTS.filter(({ column }) => column === 'Host: localhost').flatMap((variant) =>
                KINDS.map((kind) => reasonOf(outcome({ from, via, trust }, variant, kind))),
              ),
            )
            expect(new Set(reasons)).toEqual(new Set([refusalOf(configuration, run)]))
          })
        }

        if (configuration.isRecommended) {
          it('the address of the client is its own, whatever it forges', () => {
            const addresses = HOSTS.flatMap((from) =>
              PROXY_VARIANTS.filter(({ column }) => column !== 'flood').map((variant) => {
                const { verdict } = outcome({ from, via, trust: LOOPBACK }, variant, 'get')
                return `${from}: ${verdict?.clientAddress ?? 'unknown'}`
              }),
            )
            expect(new Set(addresses)).toEqual(
              new Set([`the second host: ${second.address}`, 'this host: 127.0.0.1']),
            )
          })
        }

        it('no flood of fields makes the address of the client a wrong one', () => {
          for (const variant of FLOODS) {
            for (const from of HOSTS) {
              const { verdict } = outcome({ from, via, trust: LOOPBACK }, variant, 'get')
              if (verdict !== undefined) expect(verdict.clientAddress).toBeNull()
            }
          }
        })
      })
    })

    it('a flood gets through Caddy, and no further than to the gateway', () => {
      for (const { program, title, runs } of SHOWN.filter((shown) => shown.program === 'Caddy')) {
        for (const run of runs) {
          for (const from of HOSTS) {
            for (const variant of FLOODS) {
              const way = { from, via: viaOf({ program, title }, run), trust: LOOPBACK }
              const { verdict, failure } = outcome(way, variant, 'get')
              // Node refuses it with 431 since 22.23.2 and 24.18.1; before, the rule does.
              expect(verdict?.reason ?? failure).toMatch(/^headers-truncated$|HTTP 431/)
            }
          }
        }
      }
    })

    it('the owner sees the addresses of those who wait behind a recommended configuration', async () => {
      for (const kind of GATEWAYS.keys()) {
        const index = kind * TRUST.length + LOOPBACK
        const pending = await pendingAt(gateways.served[index]?.port ?? 0)
        const behind = SHOWN.filter(({ isRecommended }) => isRecommended).flatMap((configuration) =>
          configuration.runs.flatMap((run) =>
            gatewayOf(configuration, run, LOOPBACK) === index ? [viaOf(configuration, run)] : [],
          ),
        )
        expect(behind.length).toBeGreaterThan(1)
        for (const via of behind) {
          for (const variant of PROXY_VARIANTS.filter(({ column }) => column !== 'flood')) {
            const { connect } = outcome({ from: 'the second host', via, trust: LOOPBACK }, variant, 'wire')
            expect([via, variant.title, pending.get(connect?.deviceId ?? '')]).toEqual([
              via,
              variant.title,
              second.address,
            ])
          }
        }
      }
    })

    describe.each(TRUST.map((title, trust) => ({ title, trust })))(
      'beside them, trusting $title',
      ({ trust }) => {
        it('a client on this host that goes directly is local and paired silently', () => {
          const way = { from: 'this host', via: 'direct', trust } as const
          for (const variant of PROXY_VARIANTS.filter(forgesNothing)) {
            expect(outcome(way, variant, 'get').verdict).toMatchObject({
              isLocal: true,
              kind: 'direct',
              assurance: 'same-user',
              clientAddress: '127.0.0.1',
              silent: true,
            })
            expect(outcome(way, variant, 'wire').connect).toMatchObject({ isPaired: true })
          }
        })

        it('a client on this host that forges or floods is not paired silently', () => {
          const way = { from: 'this host', via: 'direct', trust } as const
          for (const variant of PROXY_VARIANTS.filter(
            ({ column }) => column === 'forged' || column === 'hop',
          )) {
            expect(outcome(way, variant, 'get').verdict).toMatchObject({ silent: false })
            expect(outcome(way, variant, 'wire').connect).toMatchObject({
              isPaired: false,
              code: 'NOT_PAIRED',
            })
          }
          for (const variant of FLOODS) {
            expect(KINDS.map((kind) => reasonOf(outcome(way, variant, kind)))).toEqual([TOO_MANY, TOO_MANY])
          }
        })

        it('the second host that goes directly is neither local nor paired silently', () => {
          const way = { from: 'the second host', via: 'direct', trust } as const
          expect(outcomes(way).flatMap(({ variant, result }) => problems(variant, result))).toEqual([])
        })
      },
    )

    it('docs/proxies shows what was measured', () => {
      const ways = SHOWN.flatMap((configuration) =>
        configuration.runs.flatMap((run) =>
          HOSTS.flatMap((from) => TRUSTS_OF[run].map((trust) => ({ configuration, run, from, trust }))),
        ),
      )
      const kindOf = ({ name }: ProbeResult): Cell['kind'] => (name.endsWith(' get') ? 'GET' : 'WebSocket')
      const cells: Cell[] = ways.flatMap(({ configuration, run, from, trust }) =>
        outcomes({ from, via: viaOf(configuration, run), trust }).map(({ variant, result }) => ({
          section: configuration.program,
          configuration: configuration.title,
          run,
          from,
          trust,
          column: variant.column,
          kind: kindOf(result),
          answer: reasonOf(result),
        })),
      )
      const direct: Cell[] = TRUST.flatMap((_, trust) =>
        HOSTS.flatMap((from) =>
          outcomes({ from, via: 'direct', trust }).map(({ variant, result }) => ({
            section: 'direct',
            configuration: 'no proxy',
            run: 'own' as const,
            from,
            trust,
            column: variant.column,
            kind: kindOf(result),
            answer: reasonOf(result),
          })),
        ),
      )
      checkTables([...direct, ...cells])
    })

    it.each(CONFIGURATIONS.filter(({ isRecommended, innerOnly }) => isRecommended || innerOnly === true))(
      'docs/proxies has the configuration that was measured: $program, $title',
      ({ http, nginx }) => {
        const upstream = { port: 4747 }
        expect(missingLines(http?.(upstream) ?? nginx?.(upstream).lines ?? [])).toEqual([])
      },
    )

    it('the gateways have nothing to complain about', () => {
      expect(gateways.complaints()).toBe('')
    })
  },
)

function setups(second: SecondHost): GatewaySetup[] {
  const lists: readonly (readonly string[])[] = [[], ['loopback'], ['loopback', second.network]]
  const limits = { maxPending: 5000, maxPendingPerPrefix: 5000, unauthenticatedPerPrefix: 200 }
  // The word of the kernel is what is tested here, so that of the client does not count.
  const common = { limits, localSecret: false, address: second.nearAddress } as const
  return GATEWAYS.flatMap((kind) =>
    lists.map((trustProxy) => ({
      ...common,
      locality: {
        trustProxy,
        ...(kind === 'forwarded' ? { forwardedBy: 'forwarded' as const } : {}),
        ...(kind === 'counts www-data' ? { peerUsers: [systemUser('www-data').uid] } : {}),
      },
    })),
  )
}

async function pendingAt(port: number): Promise<ReadonlyMap<string, string>> {
  const call = { method: 'device.pair.list', params: {} }
  const owner = { host: '127.0.0.1', port, scopes: ['operator.admin'] }
  const listed = (await runProbes([{ name: 'owner', kind: 'connect', ...owner, call }])).get('owner')
  if (listed?.connect?.isPaired !== true) throw new Error(`the owner was refused: ${JSON.stringify(listed)}`)
  const { pending } = listed.connect.answer as {
    pending: readonly { deviceId: string; remoteIp: string }[]
  }
  return new Map(pending.map(({ deviceId, remoteIp }) => [deviceId, remoteIp]))
}

function viaOf({ program, title }: Pick<Configuration, 'program' | 'title'>, run: RunName): string {
  return `${program}, ${title}, ${run} user`
}

function nameOf(way: Way, variant: ProxyVariant, kind: Probe['kind']): string {
  return [way.from, way.via, way.trust, variant.title, kind].join(' | ')
}

function probesOf(way: Way, { host, port }: { host: string; port: number }): Probe[] {
  return PROXY_VARIANTS.flatMap((variant) =>
    KINDS.map((kind) => ({ name: nameOf(way, variant, kind), kind, host, port, headers: variant.headers })),
  )
}

function forgesNothing({ column }: ProxyVariant): boolean {
  return column === 'plain' || column === 'Host: localhost'
}

function isClean({ headers = {} }: Probe): boolean {
  return Object.keys(headers).every((name) => name === 'Host')
}

/** Those that are not clean, by the gateway that they ask and the fields that they forge. */
function forgeries(probes: readonly Probe[]): Probe[][] {
  const groups = new Map<string, Probe[]>()
  for (const probe of probes.filter((candidate) => !isClean(candidate))) {
    const fields = Object.keys(probe.headers ?? {})
    const key = `${probe.port} ${fields.length > 100 ? 'flood' : fields.sort().join()}`
    groups.set(key, [...(groups.get(key) ?? []), probe])
  }
  return [...groups.values()]
}
