import type { PairingEvent } from '../../pairing/index.ts'

/** How many of each kind a notice names; the rest is counted. */
const NAMED = 10

/** A device that knocked. Nothing in it can be used to decide: the owner looks at the request itself. */
export type NoticedRequest = {
  readonly requestId: string
  readonly deviceId: string
  /** What the device calls itself: anybody can choose it. */
  readonly displayName: string | null
  readonly from: string | null
  readonly reason: string
  readonly locality: string
  readonly asks: readonly { readonly role: string; readonly scopes: readonly string[] }[]
}

export type NoticedGrant = {
  readonly deviceId: string
  readonly displayName: string | null
  readonly role: string
  readonly scopes: readonly string[]
  readonly via: 'silent' | 'invite'
}

/** What the owner is told: all that happened in one window, in one message. */
export type Notice = {
  readonly type: 'latchkey.notice'
  readonly gatewayId: string
  /** ISO 8601. */
  readonly since: string
  readonly text: string
  readonly requestCount: number
  readonly requests: readonly NoticedRequest[]
  readonly grantCount: number
  readonly grants: readonly NoticedGrant[]
}

/** Collects what a notice tells, in bounded memory. */
export class NoticeDraft {
  readonly #sinceMs: number
  readonly #requests = new Map<string, NoticedRequest>()
  readonly #grants: NoticedGrant[] = []
  #requestCount = 0
  #grantCount = 0

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs
  }

  get isEmpty(): boolean {
    return this.#requestCount === 0 && this.#grantCount === 0
  }

  add(event: PairingEvent): void {
    if (event.kind === 'requested') this.#addRequest(event.request)
    else if (event.kind === 'granted') this.#addGrant(event)
  }

  finish(gatewayId: string): Notice {
    const counted = [
      ...(this.#requestCount === 0 ? [] : [count(this.#requestCount, 'pairing request waits', 'pairing requests wait')]), // prettier-ignore
      ...(this.#grantCount === 0 ? [] : [count(this.#grantCount, 'device was', 'devices were') + ' let in without being asked about']), // prettier-ignore
    ]
    return {
      type: 'latchkey.notice',
      gatewayId,
      since: new Date(this.#sinceMs).toISOString(),
      text: `${counted.join('; ')}. Look at them in the console, or with: latchkey requests`,
      requestCount: this.#requestCount,
      requests: [...this.#requests.values()],
      grantCount: this.#grantCount,
      grants: this.#grants,
    }
  }

  #addRequest(request: Extract<PairingEvent, { kind: 'requested' }>['request']): void {
    const { id: requestId, deviceId, displayName, fromAddress, reason, localityReason, asks } = request
    const known = this.#requests.has(deviceId)
    if (!known) this.#requestCount += 1
    // A device that asked for more is one that knocked once.
    if (known || this.#requests.size < NAMED) {
      const noticed = {
        requestId,
        deviceId,
        displayName,
        from: fromAddress,
        reason,
        locality: localityReason,
        asks,
      }
      this.#requests.set(deviceId, noticed)
    }
  }

  #addGrant({ deviceId, displayName, role, scopes, via }: Extract<PairingEvent, { kind: 'granted' }>): void {
    this.#grantCount += 1
    if (this.#grants.length < NAMED) this.#grants.push({ deviceId, displayName, role, scopes, via })
  }
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}
