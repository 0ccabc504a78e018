import { LatchkeyError } from '../../errors.ts'
import type { SimulatedConnection } from '../../evidence/simulated-connection.ts'
import type { AppUnderTest } from '../simulated-server.ts'
import { formatHead, type HeaderField } from '../request-head.ts'
import { plainFields, upgradeFields, type AttackCase } from './attack-case.ts'
import { parseAttackOptions, type AttackOptions, type AttackSettings } from './attack-options.ts'
import { attackReport } from './attack-report.ts'
import type { AttackFinding, AttackResult, Channel, ControlResult, Shot } from './attack-result.ts'
import { exchange } from './exchange.ts'
import { extraCases } from './extra-cases.ts'
import { corpusCases } from './read-corpus.ts'
import { openTarget, type AttackTarget } from './target-connection.ts'
import { tryUpgrade } from './try-upgrade.ts'
import { WEAKNESSES, weaknessOf, type Weakness } from './weakness.ts'

const AT_A_TIME = 8

const LOCAL: SimulatedConnection = { transport: 'tcp', remoteAddress: '127.0.0.1', peer: { status: 'same-user' } } // prettier-ignore
const REMOTE: SimulatedConnection = { transport: 'tcp', remoteAddress: '203.0.113.7', peer: { status: 'unproven' } } // prettier-ignore

/**
 * Sends everything that must not be local at an app of yours, as it is mounted and configured, and reports what it
 * took for local or paired silently: requests recorded behind real proxies, forged and doubled headers, odd
 * spellings of loopback, floods, pages of other sites, over HTTP and as WebSockets. It proves itself first: a
 * client that truly is local has to be let in, or nothing that is refused means anything, and a plain client
 * from elsewhere has to be refused.
 *
 * For an app or a server, peers and what the kernel says of them are made up in this process. A URL is attacked
 * from this process alone: cases that need another peer are skipped and counted, and its app must take this
 * process for local. Does *not* find what depends on the path, the method or the login beyond those given, and a
 * clean report says nothing about attacks that it does not have.
 *
 * Sends a few thousand requests and, with `wsPath`, leaves pairing requests in the store of the gateway: attack a
 * test's own.
 *
 * @throws {LatchkeyError} OPTION_UNKNOWN, OPTION_INVALID
 *
 * @example
 * const result = await attack(app, { path: '/notes' })
 * result.expectSafe()
 */
export async function attack(app: AppUnderTest | string, options: AttackOptions): Promise<AttackResult> {
  const settings = parseAttackOptions(options)
  const target = await openTarget(app)
  try {
    return await run(target, settings)
  } finally {
    await target.close()
  }
}

async function run(target: AttackTarget, settings: AttackSettings): Promise<AttackResult> {
  const channels: Channel[] = [
    ...(settings.path === null ? [] : (['http'] as const)),
    ...(settings.wsPath === null ? [] : (['websocket'] as const)),
  ]
  const cases = [...corpusCases(), ...extraCases()].filter((attack) => target.canSimulate || isPlain(attack))
  const all = corpusCases().length + extraCases().length
  // A client that once forwarded is not believed any more, which would hide what comes after.
  if (!target.canSimulate) cases.sort((a, b) => Number(speaksForOthers(a)) - Number(speaksForOthers(b)))

  const controls: ControlResult[] = []
  const findings: AttackFinding[] = []
  let ran = 0
  let unanswered = 0
  for (const channel of channels) {
    const control = await controlOf(target, settings, channel)
    controls.push(control)
    if (!control.localLetIn) continue
    if (control.remoteLetIn === true) {
      findings.push(findingOf('a plain client from elsewhere', 'not-guarded', channel, control.remote))
      continue
    }
    const sent = channel === 'websocket' ? cases.filter(({ raw, before }) => raw === undefined && before === undefined) : cases // prettier-ignore
    await inParallel(sent, async (attack) => {
      const shot = await shoot(target, settings, channel, attack)
      ran += 1
      if (!shot.answered) unanswered += 1
      if (!shot.letIn) return
      // What is let in by itself as well has nothing to do with the request before it.
      const isNew =
        attack.before !== undefined && !(await shoot(target, settings, channel, attack, null)).letIn
      const weakness = isNew ? 'remembers-connection' : weaknessOf(attack)
      findings.push(findingOf(attack.name, weakness, channel, shot))
    })
  }
  const skipped = (all - cases.length) * controls.filter(({ localLetIn }) => localLetIn).length
  const bare = { ran, skipped, unanswered, controls, findings }
  const report = attackReport(bare)
  return {
    ...bare,
    report,
    expectSafe() {
      if (findings.length === 0 && controls.every(({ localLetIn }) => localLetIn)) return
      throw new LatchkeyError('TEST_FAILED', report)
    },
  }
}

async function controlOf(
  target: AttackTarget,
  settings: AttackSettings,
  channel: Channel,
): Promise<ControlResult> {
  const control = (name: string, connection: SimulatedConnection, host: string): AttackCase => ({
    id: 'control',
    name,
    by: 'remote',
    connection,
    version: '1.1',
    target: '{path}',
    fields: [['Host', host]],
  })
  const local = await shoot(target, settings, channel, control('a local client', LOCAL, 'localhost:{port}'))
  const remote = target.canSimulate
    ? await shoot(target, settings, channel, control('a remote client', REMOTE, 'app.example'))
    : { letIn: false, sent: '', got: 'not tried: a URL is reached from this machine alone', answered: true }
  return {
    channel,
    localLetIn: local.letIn,
    local,
    remoteLetIn: target.canSimulate ? remote.letIn : null,
    remote,
  }
}

async function shoot(
  target: AttackTarget,
  settings: AttackSettings,
  channel: Channel,
  attack: AttackCase,
  before = attack.before ?? null,
): Promise<Shot> {
  const path = (channel === 'http' ? settings.path : settings.wsPath) ?? '/'
  const fill = (text: string): string => text.replaceAll('{path}', path).replaceAll('{port}', String(target.port)) // prettier-ignore
  const bare = channel === 'http' ? plainFields(attack.fields) : upgradeFields(attack.fields)
  const filled = (list: readonly HeaderField[]): HeaderField[] => list.map(([name, value]) => [name, fill(value)]) // prettier-ignore
  const isOpenEnded = !bare.some(([name]) => name.toLowerCase() === 'connection')
  const fields: HeaderField[] = [
    ...filled(bare),
    ...settings.headers,
    ...(channel === 'http' && isOpenEnded ? ([['Connection', 'close']] as const) : []),
    ...(channel === 'http' && settings.method !== 'GET' ? ([['Content-Length', '0']] as const) : []),
  ]
  const { version } = attack
  const method = channel === 'http' ? settings.method : 'GET'
  const sent =
    attack.raw === undefined
      ? formatHead({ method, target: fill(attack.target), version, fields })
      : fill(attack.raw)
  const socket = await target.open(attack.connection)
  if (channel === 'websocket') {
    const outcome = await tryUpgrade(socket, sent, settings.timeoutMs)
    return { letIn: outcome.letIn, sent, got: outcome.got, answered: outcome.response.status !== 0 }
  }
  const first =
    before === null
      ? []
      : [formatHead({ method, target: path, version, fields: [...filled(before), ...settings.headers] })]
  const response = await exchange(socket, sent, settings.timeoutMs, first)
  const letIn = response.status !== 0 && settings.isLocal(response, { by: attack.by })
  const got =
    response.status === 0 ? 'no answer' : `${response.status} ${response.statusText} ${cut(response.body)}`
  return { letIn, sent, got: got.trimEnd(), answered: response.status !== 0 }
}

function findingOf(name: string, weakness: Weakness, channel: Channel, shot: Shot): AttackFinding {
  const { why, change } = WEAKNESSES[weakness]
  return { name, weakness, channel, sent: shot.sent, got: shot.got, why, change }
}

function cut(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}

/** What a URL can be sent: it comes from this process, over loopback. */
function isPlain({ connection }: AttackCase): boolean {
  const { transport, remoteAddress, peer } = connection
  return transport === 'tcp' && remoteAddress === '127.0.0.1' && peer.status === 'same-user'
}

function speaksForOthers(attack: AttackCase): boolean {
  return weaknessOf(attack) === 'ignores-forwarding'
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const one = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, one))
}
