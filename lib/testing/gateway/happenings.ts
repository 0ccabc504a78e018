import type { PairingRequiredError } from '../../client/pairing-required-error.ts'
import { LatchkeyError } from '../../errors.ts'
import type { HelloOk } from '../../protocol/hello-ok.ts'

/** What happens to a device, one after the other. */
export type DeviceHappening =
  /** It is connected. */
  | { readonly kind: 'hello'; readonly hello: HelloOk }
  /** It waits for the owner. `error` has the request, its digest and the verification code. */
  | { readonly kind: 'pairing-required'; readonly error: PairingRequiredError }
  /** It was refused for another reason. */
  | { readonly kind: 'refused'; readonly error: LatchkeyError }
  /** The upgrade itself was answered with an HTTP error, or the connection broke. */
  | { readonly kind: 'unreachable'; readonly error: LatchkeyError }
  /** The owner has decided, or nobody has in time. After an approval the device connects again by itself. */
  | { readonly kind: 'approved' | 'rejected' | 'expired'; readonly requestId: string }
  | { readonly kind: 'event'; readonly event: string; readonly payload: unknown }
  /** The connection ended. */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }

/** What `device.next()` can wait for. */
export type HappeningKind = DeviceHappening['kind']
/** The happening of one kind. */
export type HappeningOf<K extends HappeningKind> = Extract<DeviceHappening, { readonly kind: K }>

export const HAPPENING_KINDS: readonly HappeningKind[] = [
  'hello',
  'pairing-required',
  'refused',
  'unreachable',
  'approved',
  'rejected',
  'expired',
  'event',
  'closed',
]

/** Keeps what happens until a test asks for it: of each kind in its order, each once. */
export class Happenings {
  readonly all: DeviceHappening[] = []
  readonly #taken = new Set<DeviceHappening>()
  readonly #waiting = new Set<() => void>()

  add(happening: DeviceHappening): void {
    this.all.push(happening)
    for (const look of [...this.#waiting]) look()
  }

  /** @throws {LatchkeyError} TEST_FAILED when there is none within the time, with what came instead */
  async next<K extends HappeningKind>(kind: K, timeoutMs: number, device: string): Promise<HappeningOf<K>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look)
        reject(new LatchkeyError('TEST_FAILED', this.#missing(kind, timeoutMs, device)))
      }, timeoutMs)
      const look = (): void => {
        const found = this.all.find((happening) => happening.kind === kind && !this.#taken.has(happening))
        if (found === undefined) return
        this.#taken.add(found)
        this.#waiting.delete(look)
        clearTimeout(timer)
        resolve(found as HappeningOf<K>)
      }
      this.#waiting.add(look)
      look()
    })
  }

  #missing(kind: HappeningKind, timeoutMs: number, device: string): string {
    const came = this.all.map((happening) => describe(happening) + (this.#taken.has(happening) ? ' (asked for before)' : '')) // prettier-ignore
    const instead = came.length === 0 ? 'Nothing has happened.' : `What happened: ${came.join('; ')}.`
    return `${device}: waited ${timeoutMs} ms for "${kind}", which did not come. ${instead}`
  }
}

function describe(happening: DeviceHappening): string {
  switch (happening.kind) {
    case 'hello':
      return `hello as ${happening.hello.auth.role} with ${happening.hello.auth.scopes.join(', ') || 'no scope'}`
    case 'pairing-required':
    case 'refused':
    case 'unreachable':
      return `${happening.kind}: ${happening.error.message}`
    case 'event':
      return `event ${happening.event}`
    case 'closed':
      return `closed ${happening.code} ${happening.reason}`.trimEnd()
    default:
      return happening.kind
  }
}
