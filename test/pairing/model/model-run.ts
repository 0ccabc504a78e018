import { expect } from '@jest/globals'
import {
  scopeLattice,
  type Authority,
  type ConnectOutcome,
  type PairingStore,
} from '../../../lib/pairing/index.ts'
import type { LocalityVerdict } from '../../../lib/locality/index.ts'
import { HOST } from '../on-each-store.ts'
import { attemptOf, deviceIdOf, LIMITS, serviceFixture, type Fixture } from '../service-fixture.ts'
import { localVerdict, remoteVerdict } from '../verdicts.ts'
import { ModelDevice, type Expected, type Place } from './pairing-model.ts'
import type { Approver, Name, Step } from './steps.ts'

const lattice = scopeLattice()
const VERDICTS: Readonly<Record<Place, LocalityVerdict>> = {
  local: localVerdict,
  remote: remoteVerdict,
  // On this machine, by all that can be seen, and still not to be believed.
  tainted: { ...localVerdict, isLocal: false, reason: 'proxy-seen', silent: false },
}
/** The caps have tests of their own. */
const ROOMY = { ...LIMITS, maxPendingPerPrefix: 100, maxRequestsPerDevice: 10_000, maxInvites: 1000 }
export const NAMES: readonly Name[] = ['a', 'b', 'c']

type Of<K extends Step['do']> = Extract<Step, { do: K }>

/** Does each step to the service and to the model, and holds the one's answer against the other's. */
export class ModelRun {
  readonly devices = new Map(NAMES.map((name) => [name, new ModelDevice()]))
  readonly minted: string[] = []
  readonly store: PairingStore
  fixture: Fixture
  #invites: { token: string; role: string; scopes: string[]; endsAtMs: number; usedBy: Name | null }[] = []
  #silentAdminSinceMs: number | null = null

  constructor(store: PairingStore) {
    this.store = store
    this.fixture = serviceFixture(store, {}, ROOMY)
  }

  get nowMs(): number {
    return this.fixture.clock.nowMs
  }

  /** The approvers. */
  async start(): Promise<void> {
    await this.fixture.owner('silent-admin')
    this.#silentAdminSinceMs = this.nowMs
    for (const [name, scopes] of [
      ['approved-admin', ['operator.admin']],
      ['pairing-only', ['operator.pairing']],
    ] as const) {
      // prettier-ignore
      const { id: requestId } = await this.fixture.request(name, 'operator', [...scopes])
      await this.fixture.service.approve(HOST, { requestId })
    }
  }

  device(name: Name): ModelDevice {
    return this.devices.get(name) as ModelDevice
  }

  async run(step: Step): Promise<void> {
    for (const device of this.devices.values()) device.expire(this.nowMs)
    switch (step.do) {
      case 'connect':
        return this.#connect(step)
      case 'approve':
        return this.#approve(step)
      case 'redeem':
        return this.#redeem(step)
      case 'rotate':
        return this.#rotate(step)
      case 'wait':
        this.fixture.clock.nowMs += step.ms
        return
      case 'restart': {
        const { nowMs } = this
        this.fixture = serviceFixture(this.store, {}, ROOMY)
        this.fixture.clock.nowMs = nowMs
        return
      }
      case 'undo': {
        const sinceMs = this.nowMs - step.backMs
        await this.fixture.service.undoSilent(HOST, sinceMs)
        for (const device of this.devices.values())
          device.held = device.held.filter((one) => one.via === 'owner' || one.atMs < sinceMs)
        if ((this.#silentAdminSinceMs ?? -1) >= sinceMs) this.#silentAdminSinceMs = null
        return
      }
      case 'invite': {
        const { role, scopes } = step
        const { token } = await this.fixture.service.invite(HOST, { role, scopes })
        this.minted.push(token)
        this.#invites.push({ token, role, scopes, endsAtMs: this.nowMs + 600_000, usedBy: null })
        return
      }
      default:
        return this.#owner(step)
    }
  }

  async #connect({ who, role, scopes, place, token: kind }: Of<'connect'>): Promise<void> {
    const device = this.device(who)
    const record = device.tokens.get(role)
    const others = NAMES.filter((name) => name !== who).map(
      (name) => this.device(name).tokens.get(role)?.current,
    )
    const token =
      { none: null, right: record?.current, previous: record?.previous, old: record?.old.at(-1), other: others.find((one) => one !== undefined) }[kind] ?? null // prettier-ignore
    const outcome = await this.fixture.service.connect({
      ...attemptOf(who, role, scopes, VERDICTS[place]),
      token,
    })
    this.#judge(device, who, { role, scopes, place, token }, outcome)
  }

  #judge(
    device: ModelDevice,
    who: Name,
    { role, scopes, place, token }: { role: string; scopes: string[]; place: Place; token: string | null },
    outcome: ConnectOutcome,
  ): void {
    const { nowMs } = this
    const ask = { role, scopes: [...scopes].sort() }
    const isLocal = place === 'local'
    const isCovered = device.covers(ask, isLocal, nowMs)
    const standing = device.standing(role, token)
    const isIn = isCovered || isLocal
    const expected: Expected =
      standing === 'reused' || (standing === 'bad' && isIn) ? 'token-mismatch' : isIn ? 'admitted' : 'waiting'
    expect([who, place, outcome.kind]).toEqual([who, place, expected])

    if (standing === 'reused') device.withdraw(role)
    else if (outcome.kind === 'waiting') this.#filed(device, ask, outcome)
    else if (outcome.kind === 'admitted') {
      expect(outcome.silent).toBe(!isCovered)
      if (!isCovered) {
        const before = device.scopesIn(role, true, nowMs)
        const added = ask.scopes.filter((scope) => !lattice.implies(before, scope))
        device.held.push({ via: 'silent', role, scopes: added, untilMs: null, atMs: nowMs })
      }
      device.isKnown = true
      expect(outcome.newToken !== null).toBe(device.useToken(role, token))
      if (outcome.newToken !== null) {
        this.minted.push(outcome.newToken)
        device.putToken(role, outcome.newToken)
      }
    }
  }

  #filed(
    device: ModelDevice,
    ask: { role: string; scopes: string[] },
    outcome: Extract<ConnectOutcome, { kind: 'waiting' }>,
  ): void {
    // prettier-ignore
    if (device.isIgnored) {
      expect(outcome).toMatchObject({ request: null, unfiled: 'ignored' })
      return
    }
    const before = device.pending?.id
    const filed = device.file(ask, this.nowMs)
    const { request } = outcome
    expect(outcome.isNew).toBe(filed === 'new')
    expect(request?.id === before).toBe(filed === 'kept')
    if (device.pending !== null && request !== null)
      Object.assign(device.pending, { id: request.id, digest: request.digest })
  }

  async #approve({ who, by, which, firstRoleOnly, scopes, forMs }: Of<'approve'>): Promise<void> {
    const device = this.device(who)
    const shown = which === 'stale' ? device.stale.at(-1) : device.pending
    if (shown === null || shown === undefined) return
    const { pending } = device
    const roles = firstRoleOnly && pending !== null ? [pending.asks[0]?.role ?? ''] : undefined
    const kept = (pending?.asks ?? []).filter((ask) => roles === undefined || roles.includes(ask.role))
    const isPart = (scopes ?? []).every((scope) => kept.some((ask) => lattice.implies(ask.scopes, scope)))
    const granted = kept.map((ask) => ({
      role: ask.role,
      scopes: scopes === null ? ask.scopes : scopes.filter((scope) => lattice.implies(ask.scopes, scope)),
    }))
    const isAllowed =
      which === 'shown' &&
      isPart &&
      this.#mayGrant(
        by,
        granted.flatMap((ask) => ask.scopes),
      )
    const digest = which === 'wrong digest' ? 'f'.repeat(64) : shown.digest
    const decision = { requestId: shown.id, digest, roles, scopes: scopes ?? undefined, expiresInMs: forMs ?? undefined } // prettier-ignore
    const answer = await this.fixture.service.approve(this.#authority(by, who), decision).then(
      () => 'approved',
      // An approval that was made already is answered again, and grants nothing.
      (error: unknown) => (error as { code?: string }).code,
    )
    if (which !== 'stale') expect([by, which, answer === 'approved']).toEqual([by, which, isAllowed])
    if (!isAllowed) return
    const untilMs = forMs === null ? null : this.nowMs + forMs
    for (const { role, scopes: given } of granted)
      device.held.push({ via: 'owner', role, scopes: given, untilMs, atMs: this.nowMs })
    device.isKnown = true
    device.settle()
  }

  #authority(by: Approver, who: Name): Authority {
    if (by === 'host') return HOST
    const name = by === 'the-device-itself' ? who : by
    const scopes = [by === 'pairing-only' ? 'operator.pairing' : 'operator.admin']
    const silentHonoured = by === 'silent-admin' || by === 'the-device-itself'
    return { kind: 'device', deviceId: deviceIdOf(name), role: 'operator', scopes, silentHonoured }
  }

  #mayGrant(by: Approver, scopes: readonly string[]): boolean {
    if (by === 'host') return true
    if (by === 'pairing-only' || by === 'the-device-itself') return false
    if (by === 'silent-admin' && this.#silentAdminSinceMs === null) return false
    return scopes.every((scope) => lattice.implies(['operator.admin'], scope))
  }

  async #redeem({ who, scopes, place }: Of<'redeem'>): Promise<void> {
    const invite = this.#invites.at(-1)
    if (invite === undefined) return
    const device = this.device(who)
    const attempt = attemptOf(who, 'operator', scopes, VERDICTS[place])
    const outcome = await this.fixture.service.connect({ ...attempt, bootstrapToken: invite.token })
    const ask = { role: 'operator', scopes: [...scopes].sort() }
    const isOver = invite.endsAtMs <= this.nowMs
    // One that is let in as it is needs no invitation, and leaves it for another.
    if (!device.covers(ask, place === 'local', this.nowMs)) {
      const isSpent = invite.usedBy !== null && invite.usedBy !== who
      if (isOver || isSpent) {
        expect(outcome.kind).toBe('invite-invalid')
        return
      }
      if (invite.usedBy === null) {
        const given = { role: invite.role, scopes: [...invite.scopes].sort() }
        device.held.push({ via: 'owner', ...given, untilMs: null, atMs: this.nowMs })
        device.isKnown = true
        invite.usedBy = who
      }
    }
    this.#judge(device, who, { role: 'operator', scopes, place, token: null }, outcome)
  }

  async #rotate({ who, role, scopes }: Of<'rotate'>): Promise<void> {
    const device = this.device(who)
    const token = device.tokens.get(role)
    const call = this.fixture.service.rotate(HOST, {
      deviceId: deviceIdOf(who),
      role,
      scopes: scopes ?? undefined,
    })
    const isDone = await call.then(() => true, () => false) // prettier-ignore
    const isThere = token?.isRevoked === false
    expect(isDone).toBe(isThere && (scopes === null || device.reduce(role, scopes, this.nowMs)))
    if (isDone && token !== undefined) token.isDue = true
  }

  async #owner(step: Of<'reject' | 'remove' | 'ignore' | 'unignore'> | Of<'revoke'>): Promise<void> {
    const { service } = this.fixture
    const device = this.device(step.who)
    const id = deviceIdOf(step.who)
    const requestId = device.pending?.id
    if (step.do === 'remove' && device.isKnown) {
      await service.remove(HOST, id)
      device.remove()
    } else if (step.do === 'revoke' && device.tokens.has(step.role)) {
      await service.revoke(HOST, id, step.role)
      device.withdraw(step.role)
    } else if (step.do === 'reject' && requestId !== undefined) {
      await service.reject(HOST, requestId)
      device.settle()
    } else if (step.do === 'ignore' && requestId !== undefined) {
      await service.ignore(HOST, requestId)
      device.isIgnored = true
      device.settle()
    } else if (step.do === 'unignore' && device.isIgnored) {
      await service.unignore(HOST, id)
      device.isIgnored = false
    }
  }
}
