import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startGateways, type Gateways, type ServedGateway } from './gateways.ts'
import { NGINX_RECIPES, type NginxRecipe } from './nginx-recipes.ts'
import { startNginx, type Nginx } from './nginx.ts'
import { runProbes, type ConnectResult, type Probe, type ProbeResult } from './probes.ts'
import { forgesNothing, requestVariants, type RequestVariant } from './request-variants.ts'
import { describeWith } from './required-programs.ts'
import { secondHost, type SecondHost } from './second-host.ts'

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

const RUNS = [
  { title: "under its package's user", user: 'www-data', refusal: 'peer-other-user' },
  { title: 'under our own user', user: userInfo().username, refusal: 'peer-relay' },
  {
    title: 'under our own user and another name',
    user: userInfo().username,
    name: 'helper',
    refusal: 'peer-relay',
  },
] as const
const TRUST = ['no trusted proxy', "trustProxy ['loopback']", "trustProxy ['loopback', <the network>]"]
const JUST_LOOPBACK = 1
const HOSTS = ['the second host', 'this host'] as const

type HostName = (typeof HOSTS)[number]
type Results = ReadonlyMap<string, ProbeResult>
/** The probes of one client through one server of nginx, or to the gateway itself. */
type Way = { readonly from: HostName; readonly via: string; readonly gateway: number }

describeWith(['nginx', 'second host'], 'behind nginx', () => {
  let second: SecondHost
  let gateways: Gateways
  let results: Results
  const nginxes: Nginx[] = []
  const folder = mkdtempSync(path.join(tmpdir(), 'devices-'))

  beforeAll(async () => {
    second = secondHost()
    const limits = { maxPendingPerPrefix: 1000, unauthenticatedPerPrefix: 200 }
    const address = second.nearAddress
    gateways = await startGateways([
      { locality: {}, limits, address },
      { locality: { trustProxy: ['loopback'] }, limits, address },
      { locality: { trustProxy: ['loopback', second.network] }, limits, address },
    ])
    const servers = NGINX_RECIPES.flatMap((recipe) =>
      gateways.served.map((gateway) => recipe.server(gateway)),
    )
    const addresses = ['127.0.0.1', second.nearAddress]
    for (const { user, ...rest } of RUNS) {
      const name = 'name' in rest ? { name: rest.name } : {}
      nginxes.push(await startNginx({ user, servers, addresses, ...name }))
    }
    const direct = gateways.served.flatMap(directProbes)
    const batches = await Promise.all([
      runProbes([...proxiedProbes('the second host'), ...direct.filter(isFar)], second.prefix),
      runProbes(proxiedProbes('this host')),
      // Apart from those that forge: who was seen to forward speaks for others from then on.
      runProbes(direct.filter((probe) => !isFar(probe) && isClean(probe))),
      runProbes(direct.filter((probe) => !isFar(probe) && !isClean(probe))),
    ])
    results = new Map(batches.flatMap((batch) => [...batch]))
  }, 120_000)

  afterAll(async () => {
    await Promise.all(nginxes.map((nginx) => nginx.stop()))
    await (gateways as Gateways | undefined)?.stop()
    ;(second as SecondHost | undefined)?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 20_000)

  function served(index: number): ServedGateway {
    const gateway = gateways.served[index]
    if (gateway === undefined) throw new Error(`there is no gateway ${index}`)
    return gateway
  }

  function nginxPort(run: number, recipe: number, gateway: number): number {
    return nginxes[run]?.ports[recipe * TRUST.length + gateway] ?? 0
  }

  function proxiedProbes(from: HostName): Probe[] {
    const host = from === 'this host' ? '127.0.0.1' : second.nearAddress
    return RUNS.flatMap((run, r) =>
      NGINX_RECIPES.flatMap((recipe, n) =>
        TRUST.flatMap((_, gateway) => {
          const way = { from, via: `${run.title}, ${recipe.title}`, gateway }
          return probesOf(way, host, nginxPort(r, n, gateway), served(gateway).port)
        }),
      ),
    )
  }

  function directProbes({ port, addressPort }: ServedGateway, gateway: number): Probe[] {
    return [
      ...probesOf({ from: 'this host', via: 'direct', gateway }, '127.0.0.1', port, port),
      ...probesOf({ from: 'the second host', via: 'direct', gateway }, second.nearAddress, addressPort, port),
    ]
  }

  function outcome(way: Way, variant: RequestVariant, kind: Probe['kind']): ProbeResult {
    const result = results.get(nameOf(way, variant, kind))
    if (result === undefined) throw new Error(`no result of ${nameOf(way, variant, kind)}`)
    return result
  }

  const allVariants = (gateway: number): readonly RequestVariant[] => requestVariants(served(gateway).port)

  describe.each(RUNS)('$title', (run) => {
    describe.each(NGINX_RECIPES)('$title', (recipe) => {
      const via = `${run.title}, ${recipe.title}`

      describe.each(TRUST.map((title, gateway) => ({ title, gateway })))('$title', ({ gateway }) => {
        it.each(HOSTS)('a client on %s is neither local nor paired silently', (from) => {
          const way = { from, via, gateway }
          const wrong = allVariants(gateway).flatMap((variant) => [
            ...getProblems(outcome(way, variant, 'get')),
            ...(variant.getOnly === true ? [] : connectProblems(recipe, outcome(way, variant, 'connect'))),
          ])
          expect(wrong).toEqual([])
          expect(wireProblems(recipe, outcome(way, PLAIN, 'wire'))).toEqual([])
        })

        if (recipe.looksLocal) {
          it.each(HOSTS)('only the kernel gives a client on %s away', (from) => {
            const way = { from, via, gateway }
            expect(outcome(way, PLAIN, 'get').verdict?.reason).toBe(run.refusal)
            if (!recipe.passesWebSockets) return
            expect(outcome(way, PLAIN, 'connect').connect).toMatchObject({ localityReason: run.refusal })
          })
        }
      })

      if (recipe.isRight) {
        it('the address of the client is its own, whatever it forges', () => {
          const addresses = HOSTS.flatMap((from) =>
            allVariants(JUST_LOOPBACK).map((variant) => {
              const way = { from, via, gateway: JUST_LOOPBACK }
              return `${from}: ${outcome(way, variant, 'get').verdict?.clientAddress ?? 'unknown'}`
            }),
          )
          expect(new Set(addresses)).toEqual(
            new Set([`the second host: ${second.address}`, 'this host: 127.0.0.1']),
          )
        })

        it('the device of the second host connects once the owner has approved it', async () => {
          const { port } = served(JUST_LOOPBACK)
          const through = nginxPort(RUNS.indexOf(run), NGINX_RECIPES.indexOf(recipe), JUST_LOOPBACK)
          const visitor = { host: second.nearAddress, port: through, identityFile: `${folder}/${through}` }
          const owner = { host: '127.0.0.1', port, identityFile: `${folder}/owner` }

          const refused = refusal(await one({ ...visitor, scopes: ['operator.read'] }, second.prefix))
          expect(refused).toMatchObject({ code: 'NOT_PAIRED', reason: 'not-paired' })

          const { requestId, digest } = refused
          const call = { method: 'device.pair.approve', params: { requestId, digest } }
          const approved = await one({ ...owner, scopes: ['operator.admin'], call })
          expect(approved).toMatchObject({
            isPaired: true,
            answer: {
              requestId,
              device: {
                deviceId: refused.deviceId,
                approvedVia: 'owner',
                grants: [{ via: 'owner', fromAddress: second.address }],
              },
            },
          })

          const health = { method: 'health', params: {} }
          expect(
            await one({ ...visitor, scopes: ['operator.read'], call: health }, second.prefix),
          ).toMatchObject({ isPaired: true, answer: { ok: true } })
          expect(await one({ ...visitor, scopes: ['operator.write'] }, second.prefix)).toMatchObject({
            isPaired: false,
            reason: 'scope-upgrade',
          })
        })
      }
    })
  })

  describe.each(TRUST.map((title, gateway) => ({ title, gateway })))('beside it, $title', ({ gateway }) => {
    it('a client on this host that goes directly is local and paired silently', () => {
      const way = { from: 'this host', via: 'direct', gateway } as const
      for (const variant of allVariants(gateway).filter(forgesNothing)) {
        expect(outcome(way, variant, 'get').verdict).toMatchObject({
          isLocal: true,
          kind: 'direct',
          assurance: 'same-user',
          clientAddress: '127.0.0.1',
          silent: true,
        })
        expect(outcome(way, variant, 'connect').connect).toMatchObject({ isPaired: true })
      }
      expect(outcome(way, PLAIN, 'wire').connect).toMatchObject({ isPaired: true })
    })

    it('a client on this host that sends a forwarding header is not paired silently', () => {
      const way = { from: 'this host', via: 'direct', gateway } as const
      for (const variant of allVariants(gateway).filter((candidate) => !forgesNothing(candidate))) {
        expect(outcome(way, variant, 'get').verdict).toMatchObject({ silent: false })
        if (variant.getOnly === true) continue
        expect(outcome(way, variant, 'connect').connect).toMatchObject({
          isPaired: false,
          code: 'NOT_PAIRED',
        })
      }
    })

    it('the second host that goes directly is neither local nor paired silently', () => {
      const way = { from: 'the second host', via: 'direct', gateway } as const
      for (const variant of allVariants(gateway)) {
        const { verdict } = outcome(way, variant, 'get')
        expect(verdict).toMatchObject({ isLocal: false, silent: false, reason: 'peer-not-loopback' })
        if (variant.getOnly === true) continue
        expect(outcome(way, variant, 'connect').connect).toMatchObject({
          isPaired: false,
          code: 'NOT_PAIRED',
        })
      }
    })
  })

  it('the owner sees the address of those who wait', async () => {
    const call = { method: 'device.pair.list', params: {} }
    const owner = { host: '127.0.0.1', port: served(JUST_LOOPBACK).port, identityFile: `${folder}/owner` }
    const listed = await one({ ...owner, scopes: ['operator.admin'], call })
    if (!listed.isPaired) throw new Error('the owner was refused')
    const { pending } = listed.answer as { pending: readonly { deviceId: string; remoteIp: string }[] }
    const addressOf = new Map(pending.map(({ deviceId, remoteIp }) => [deviceId, remoteIp]))
    for (const run of RUNS) {
      for (const recipe of NGINX_RECIPES.filter(({ isRight }) => isRight)) {
        const via = `${run.title}, ${recipe.title}`
        for (const variant of allVariants(JUST_LOOPBACK).filter(({ getOnly }) => getOnly !== true)) {
          const way = { from: 'the second host', via, gateway: JUST_LOOPBACK } as const
          const { deviceId } = refusal(outcome(way, variant, 'connect').connect)
          expect([variant.title, addressOf.get(deviceId)]).toEqual([variant.title, second.address])
        }
      }
    }
  })

  it('the gateways have nothing to complain about', () => {
    expect(gateways.complaints()).toBe('')
  })
})

const PLAIN: RequestVariant = { title: 'plain', headers: {} }

function nameOf(way: Way, variant: RequestVariant, kind: Probe['kind']): string {
  return [way.from, way.via, TRUST[way.gateway], variant.title, kind].join(' | ')
}

function probesOf(way: Way, host: string, port: number, gatewayPort: number): Probe[] {
  const probes = requestVariants(gatewayPort).flatMap((variant) => {
    const { headers } = variant
    const kinds = variant.getOnly === true ? (['get'] as const) : (['get', 'connect'] as const)
    return kinds.map((kind) => ({ name: nameOf(way, variant, kind), kind, host, port, headers }))
  })
  return [...probes, { name: nameOf(way, PLAIN, 'wire'), kind: 'wire', host, port }]
}

function isFar({ name }: Probe): boolean {
  return name.startsWith('the second host')
}

function isClean({ headers = {} }: Probe): boolean {
  return Object.keys(headers).every((name) => name === 'Host')
}

async function one(probe: Omit<Probe, 'name' | 'kind'>, prefix?: readonly string[]): Promise<ConnectResult> {
  const results = await runProbes([{ name: 'one', kind: 'connect', ...probe }], prefix)
  const { connect, failure } = results.get('one') ?? {}
  if (connect === undefined) throw new Error(failure)
  return connect
}

function refusal(result: ConnectResult | undefined): Extract<ConnectResult, { isPaired: false }> {
  if (result?.isPaired === false) return result
  throw new Error('it was not refused')
}

/** A look-up that the kernel did not answer would refuse everybody and prove nothing. */
function getProblems({ name, verdict, failure }: ProbeResult): string[] {
  if (verdict === undefined) return [`${name}: ${failure ?? 'no verdict'}`]
  const { isLocal, silent, reason } = verdict
  return isLocal || silent || reason === 'peer-unproven' ? [`${name}: ${reason}, silent: ${silent}`] : []
}

function connectProblems(recipe: NginxRecipe, { name, connect, failure }: ProbeResult): string[] {
  if (!recipe.passesWebSockets) return isNoUpgrade(failure) ? [] : [`${name}: ${JSON.stringify(connect)}`]
  if (connect === undefined) return [`${name}: ${failure ?? 'no answer'}`]
  if (connect.isPaired) return [`${name}: paired`]
  const { code, requestId, reason, localityReason } = connect
  const isRight = code === 'NOT_PAIRED' && REQUEST_ID.test(requestId ?? '') && reason === 'not-paired'
  return isRight && localityReason !== 'peer-unproven' ? [] : [`${name}: ${JSON.stringify(connect)}`]
}

function wireProblems(recipe: NginxRecipe, { name, connect, failure }: ProbeResult): string[] {
  if (!recipe.passesWebSockets) return isNoUpgrade(failure) ? [] : [`${name}: ${JSON.stringify(connect)}`]
  if (connect === undefined) return [`${name}: ${failure ?? 'no answer'}`]
  if (connect.isPaired) return [`${name}: paired`]
  const { code, requestId = 'none', closeCode, closeReason = '' } = connect
  const isRight =
    code === 'NOT_PAIRED' &&
    REQUEST_ID.test(requestId) &&
    closeCode === 1008 &&
    closeReason.startsWith('pairing required') &&
    closeReason.includes(requestId)
  return isRight ? [] : [`${name}: ${JSON.stringify(connect)}`]
}

/** The proxy asked the app for a page instead. */
function isNoUpgrade(failure: string | undefined): boolean {
  return failure?.includes('Unexpected server response: 404') === true
}
