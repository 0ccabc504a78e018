import { IncomingMessage, type ServerResponse } from 'node:http'
import type { Examined } from '../evidence/index.ts'
import type { LocalityVerdict } from '../locality/index.ts'

const KNOWN = Symbol('locality')

type Marked = IncomingMessage & { [KNOWN]?: Known }
type Known = { readonly examined: Examined; readonly response: ServerResponse }

/** What our accessors answer while `isReadable` asks. */
const OURS = Symbol('ours')
let isProbing = false

/** The same functions for every request, so that no request makes any of its own. */
const ACCESSORS: PropertyDescriptorMap = {
  isLocalClient: accessor('isLocalClient', (verdict) => verdict.isLocal),
  clientLocality: accessor('clientLocality', (verdict) => verdict),
}

/**
 * What `localClient()` found out about a request; `undefined` when it has not seen it. Whoever asks answers by it, so
 * the response is marked, and no cache gives it to somebody else.
 */
export function localityOf(request: IncomingMessage): Examined | undefined {
  const known = (request as Marked)[KNOWN]
  if (known === undefined) return undefined
  if (!known.response.headersSent) known.response.setHeader('Cache-Control', 'no-store')
  return known.examined
}

/**
 * Keeps what was found out on the request, behind two accessors. Accessors of its own cost a request more than the
 * decision does, so they stand where all requests of one Express inherit them; a request of its own kind, or one on
 * which something else has our names, gets its own.
 */
export function keepLocality(request: IncomingMessage, response: ServerResponse, examined: Examined): void {
  ;(request as Marked)[KNOWN] = { examined, response }
  if (isReadable(request)) return
  const shared = sharedPrototype(request)
  if (shared !== null && isFree(shared)) Object.defineProperties(shared, ACCESSORS)
  if (!isReadable(request)) Object.defineProperties(request, ACCESSORS)
}

/** Whether both names lead to our accessors: what an app or a middleware put there under them must not count. */
function isReadable(request: IncomingMessage): boolean {
  isProbing = true
  try {
    const { isLocalClient, clientLocality } = request as Partial<Record<string, unknown>> & IncomingMessage
    return isLocalClient === OURS && clientLocality === OURS
  } catch {
    return false
  } finally {
    isProbing = false
  }
}

/** What the requests of one Express have in common: the last before Node's own. `null` when there is nothing between. */
function sharedPrototype(request: IncomingMessage): object | null {
  let last: object | null = null
  for (let at = prototypeOf(request); at !== null; at = prototypeOf(at)) {
    if (at === IncomingMessage.prototype) return last
    last = at
  }
  return null
}

function prototypeOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null
}

function isFree(shared: object): boolean {
  return Object.isExtensible(shared) && !Object.keys(ACCESSORS).some((name) => Object.hasOwn(shared, name))
}

function accessor(name: string, read: (verdict: LocalityVerdict) => unknown): PropertyDescriptor {
  return {
    configurable: true,
    enumerable: true,
    get(this: IncomingMessage) {
      if (isProbing) return OURS
      const examined = localityOf(this)
      return examined === undefined ? undefined : read(examined.verdict)
    },
    set(this: Marked, value: unknown) {
      if (this[KNOWN] !== undefined) throw new TypeError(`${name} is only to be read`)
      // Not a request of ours so far: another app of this process may use the name as it likes.
      Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value })
    },
  }
}
