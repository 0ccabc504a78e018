import { randomUUID } from 'node:crypto'
import { scopeLattice } from '../../../lib/pairing/index.ts'
import type { RoleAsk } from '../../../lib/pairing/pairing-request.ts'

const lattice = scopeLattice()
const TTL_MS = 300_000

export type Held = {
  via: 'owner' | 'silent'
  role: string
  scopes: readonly string[]
  untilMs: number | null
  atMs: number
}
export type Token = {
  current: string
  previous: string | null
  old: string[]
  isDue: boolean
  isRevoked: boolean
}
export type Pending = {
  id: string
  digest: string
  asks: RoleAsk[]
  refreshedAtMs: number
  expiresAtMs: number
}
export type Place = 'local' | 'remote' | 'tainted'
export type Expected = 'admitted' | 'waiting' | 'token-mismatch' | 'invite-invalid'

/** What one device may hold, said as simply as it can be. */
export class ModelDevice {
  isKnown = false
  isIgnored = false
  held: Held[] = []
  pending: Pending | null = null
  /** Request ids and digests that no approval may name any more. */
  stale: { id: string; digest: string }[] = []
  readonly tokens = new Map<string, Token>()

  covers(ask: RoleAsk, isLocal: boolean, nowMs: number): boolean {
    const live = this.held.filter((one) => (one.untilMs ?? Infinity) > nowMs && one.role === ask.role)
    const counting = live.filter((one) => one.via === 'owner' || isLocal)
    const scopes = counting.flatMap((one) => one.scopes)
    return counting.length > 0 && ask.scopes.every((scope) => lattice.implies(scopes, scope))
  }

  /** True when the owner has given all of it before, and without an end. */
  holdsForGood(ask: RoleAsk): boolean {
    const lasting = this.held.filter(
      (one) => one.via === 'owner' && one.untilMs === null && one.role === ask.role,
    )
    const scopes = lasting.flatMap((one) => one.scopes)
    return lasting.length > 0 && ask.scopes.every((scope) => lattice.implies(scopes, scope))
  }

  scopesIn(role: string, isLocal: boolean, nowMs: number): string[] {
    return this.held
      .filter((one) => one.role === role && (one.untilMs ?? Infinity) > nowMs)
      .filter((one) => one.via === 'owner' || isLocal)
      .flatMap((one) => [...one.scopes])
  }

  /** Ends a request whose time is over. */
  expire(nowMs: number): void {
    if (this.pending !== null && this.pending.expiresAtMs <= nowMs) this.settle()
  }

  settle(): void {
    if (this.pending !== null) this.stale.push(this.pending)
    this.pending = null
  }

  withdraw(role: string): void {
    this.held = this.held.filter((one) => one.role !== role)
    const token = this.tokens.get(role)
    if (token !== undefined) Object.assign(token, { isRevoked: true, isDue: false })
  }

  remove(): void {
    this.settle()
    this.held = []
    this.tokens.clear()
    this.isKnown = false
  }

  /** Cuts a role down; false when it does not hold so much. */
  reduce(role: string, scopes: readonly string[], nowMs: number): boolean {
    const held = this.scopesIn(role, true, nowMs)
    if (!scopes.every((scope) => lattice.implies(held, scope))) return false
    for (const one of this.held)
      if (one.role === role && (one.untilMs ?? Infinity) > nowMs)
        one.scopes = scopes.filter((scope) => lattice.implies(one.scopes, scope))
    return true
  }

  /** What a presented token is worth: `null` when it is not looked at. */
  standing(role: string, token: string | null): 'good' | 'reused' | 'bad' | null {
    const record = this.tokens.get(role)
    if (token === null || record === undefined) return null
    if (record.old.includes(token)) return record.isRevoked ? 'bad' : 'reused'
    const isOurs = token === record.current || token === record.previous
    return isOurs && !record.isRevoked ? 'good' : 'bad'
  }

  /** True when the device gets a new token now. */
  useToken(role: string, token: string | null): boolean {
    const record = this.tokens.get(role)
    if (record === undefined || record.isRevoked) return true
    if (token === record.current && record.previous !== null) {
      record.old.push(record.previous)
      record.previous = null
    }
    return record.isDue
  }

  putToken(role: string, token: string): void {
    const before = this.tokens.get(role)
    const fresh: Token = { current: token, previous: null, old: [], isDue: false, isRevoked: false }
    if (before === undefined || before.isRevoked) {
      this.tokens.set(role, fresh)
      return
    }
    if (before.previous !== null) before.old.push(before.current)
    this.tokens.set(role, { ...fresh, previous: before.previous ?? before.current, old: before.old })
  }

  /** Covered retries keep the request; what asks for more takes its place with the union. */
  file(ask: RoleAsk, nowMs: number): 'kept' | 'new' {
    const { pending } = this
    const same = pending?.asks.find((one) => one.role === ask.role)
    if (
      pending !== null &&
      same !== undefined &&
      ask.scopes.every((scope) => lattice.implies(same.scopes, scope))
    ) {
      if (nowMs - pending.refreshedAtMs >= TTL_MS / 10)
        Object.assign(pending, { refreshedAtMs: nowMs, expiresAtMs: nowMs + TTL_MS })
      return 'kept'
    }
    const others = (pending?.asks ?? []).filter((one) => one.role !== ask.role)
    const scopes = [...new Set([...(same?.scopes ?? []), ...ask.scopes])].sort()
    const asks = [...others, { role: ask.role, scopes }].sort((a, b) => (a.role < b.role ? -1 : 1))
    this.settle()
    const none = { id: randomUUID(), digest: '' }
    this.pending = { ...none, asks, refreshedAtMs: nowMs, expiresAtMs: nowMs + TTL_MS }
    return 'new'
  }
}
