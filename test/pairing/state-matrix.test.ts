import { expect, test } from '@jest/globals'
import type { ConnectOutcome, PairingRequest } from '../../lib/pairing/index.ts'
import type { LocalityVerdict } from '../../lib/locality/index.ts'
import { approvedOwner, HOST, onEachStore, type Bench } from './on-each-store.ts'
import { STATE_TABLE } from './state-table.ts'
import { attemptOf, deviceIdOf, LIMITS } from './service-fixture.ts'
import { localVerdict, remoteVerdict } from './verdicts.ts'

const ID = deviceIdOf('phone')
const PHOTOS = ['photos.read']

/** The phone in one of its states. It asks for `photos.read`, on which two approvers have to agree. */
class Phone {
  readonly bench: Bench
  shown: PairingRequest | null = null
  inviteToken = 'none'

  constructor(bench: Bench) {
    this.bench = bench
  }

  async ask(scopes = PHOTOS, verdict: LocalityVerdict = remoteVerdict): Promise<PairingRequest> {
    this.shown = await this.bench.fixture.request('phone', 'operator', scopes, verdict)
    return this.shown
  }

  async approved(): Promise<void> {
    await this.bench.fixture.service.approve(HOST, { requestId: (await this.ask()).id })
    await this.connect(remoteVerdict)
  }

  connect(
    verdict: LocalityVerdict,
    scopes = PHOTOS,
    bootstrapToken: string | null = null,
  ): Promise<ConnectOutcome> {
    return this.bench.fixture.service.connect({
      ...attemptOf('phone', 'operator', scopes, verdict),
      bootstrapToken,
    })
  }

  async half(): Promise<void> {
    const first = await approvedOwner(this.bench.fixture, 'first', ['operator.admin', ...PHOTOS])
    await this.bench.fixture.service.approve(first, { requestId: (await this.ask()).id })
  }

  /** What it holds, whether it waits, and whether it is ignored. */
  async state(): Promise<string> {
    const [grants, pending, ignored] = await this.bench.store.transaction(async (tx) => [
      await tx.grants(ID),
      await tx.pendingRequestOf(ID),
      await tx.ignored(ID),
    ])
    const isLive = pending !== null && pending.expiresAtMs > this.bench.fixture.clock.nowMs
    const waiting = isLive ? [pending.approvals.length > 0 ? 'half' : 'waits'] : []
    const held = [...new Set(grants.map((grant) => grant.via))]
    return [...held, ...waiting, ...(ignored === null ? [] : ['ignored'])].join('+') || 'nothing'
  }
}

const STATES: Readonly<Record<string, (phone: Phone) => Promise<unknown>>> = {
  unknown: () => Promise.resolve(),
  silent: (phone) => phone.connect(localVerdict),
  approved: (phone) => phone.approved(),
  'half-approved': (phone) => phone.half(),
  pending: (phone) => phone.ask(),
  superseded: async (phone) => {
    const first = await phone.ask()
    await phone.ask(['a.more'])
    phone.shown = first
  },
  rejected: async (phone) => phone.bench.fixture.service.reject(HOST, (await phone.ask()).id),
  expired: async (phone) => {
    await phone.ask()
    phone.bench.fixture.clock.nowMs += LIMITS.requestTtlMs
    await phone.bench.fixture.service.sweep()
  },
  ignored: async (phone) => phone.bench.fixture.service.ignore(HOST, (await phone.ask()).id),
  revoked: async (phone) => {
    await phone.approved()
    await phone.bench.fixture.service.revoke(HOST, ID, 'operator')
  },
  removed: async (phone) => {
    await phone.approved()
    await phone.bench.fixture.service.remove(HOST, ID)
  },
  invited: async (phone) => {
    const { token } = await phone.bench.fixture.service.invite(HOST, { role: 'operator', scopes: PHOTOS })
    phone.inviteToken = token
  },
}

const EVENTS: Readonly<Record<string, (phone: Phone) => Promise<unknown>>> = {
  'connects at home': (phone) => phone.connect(localVerdict),
  'connects from elsewhere': (phone) => phone.connect(remoteVerdict),
  'asks for more': (phone) => phone.connect(remoteVerdict, ['operator.admin', ...PHOTOS]),
  'brings an invitation': (phone) => phone.connect(remoteVerdict, PHOTOS, phone.inviteToken),
  'one approves': async (phone) => {
    const second = await approvedOwner(phone.bench.fixture, 'second', ['operator.admin', ...PHOTOS])
    return phone.bench.fixture.service.approve(second, { requestId: phone.shown?.id ?? 'none', digest: phone.shown?.digest }) // prettier-ignore
  },
  'one approves another digest': (phone) =>
    phone.bench.fixture.service.approve(HOST, {
      requestId: phone.shown?.id ?? 'none',
      digest: 'f'.repeat(64),
    }),
  'is rejected': (phone) => phone.bench.fixture.service.reject(HOST, phone.shown?.id ?? 'none'),
  'is ignored': (phone) => phone.bench.fixture.service.ignore(HOST, phone.shown?.id ?? 'none'),
  'is removed': (phone) => phone.bench.fixture.service.remove(HOST, ID),
  'is cut down': (phone) =>
    phone.bench.fixture.service.rotate(HOST, { deviceId: ID, role: 'operator', scopes: [] }),
  'is revoked': (phone) => phone.bench.fixture.service.revoke(HOST, ID, 'operator'),
  'silent grants are undone': (phone) => phone.bench.fixture.service.undoSilent(HOST, 0),
  'time passes': (phone) => {
    phone.bench.fixture.clock.nowMs += LIMITS.requestTtlMs
    return Promise.resolve()
  },
  'the gateway restarts': (phone) => phone.bench.restarted().service.sweep(),
}

async function happen(phone: Phone, event: string): Promise<string> {
  try {
    const result = await EVENTS[event]?.(phone)
    const { kind, silent, reason, unfiled } = (result ?? {}) as Record<string, unknown>
    const what = kind === 'admitted' ? (silent === true ? 'paired' : 'in') : kind === 'waiting' ? (unfiled ?? reason) : (kind ?? 'done') // prettier-ignore
    return typeof what === 'string' ? what : 'done'
  } catch (error) {
    const { code, details } = error as { code?: string; details?: { code?: string } }
    return `! ${details?.code ?? code ?? String(error)}`
  }
}

onEachStore('the state of a device', { approval: { secondApproverFor: PHOTOS } }, (bench) => {
  const cells = Object.entries(STATE_TABLE).flatMap(([state, row]) =>
    row.map((cell) => [state, ...cell] as const),
  )

  test.each(cells)('%s, when it %s: %s, then %s', async (state, event, answer, then) => {
    const phone = new Phone(bench)
    await STATES[state]?.(phone)
    expect([await happen(phone, event), await phone.state()]).toEqual([answer, then])
  })

  test('is looked at for every event', () => {
    expect(Object.keys(STATE_TABLE)).toEqual(Object.keys(STATES))
    for (const row of Object.values(STATE_TABLE))
      expect(row.map(([event]) => event)).toEqual(Object.keys(EVENTS))
  })
})
