import { LatchkeyError } from '../errors.ts'
import type { LocalityVerdict } from '../locality/index.ts'
import { isScope, type Authority } from '../pairing/index.ts'

/** What a handler gets. */
export type MethodCall = {
  /** As the client sent them: check them before use. */
  readonly params: unknown
  /** `null` for a client without a key of its own that knew the shared secret. */
  readonly deviceId: string | null
  /** Of this connection. */
  readonly role: string
  /** Those of this connection, not all that the device holds. */
  readonly scopes: readonly string[]
  /** Names the connection, for logs. */
  readonly connId: string
  /** Where the client is; `null` when the owner approved it and nobody had to find out. */
  readonly locality: LocalityVerdict | null
  /** To pass on when the handler decides about pairings. */
  readonly authority: Authority
  /** Aborts when the connection ends. */
  readonly signal: AbortSignal
}

/** What it returns, or resolves to, is the payload of the answer. Throw a LatchkeyError to answer with its code. */
export type MethodHandler = (call: MethodCall) => unknown

/** Who may call a method. */
export type MethodOptions = {
  /** The scope that a caller needs; `null` lets every paired device in. Has no default: say it. */
  scope: string | null
}

export type Method = { readonly name: string; readonly scope: string | null; readonly handler: MethodHandler }

const NAME = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/

export class MethodTable {
  readonly #methods = new Map<string, Method>()
  /** Told to every client; `null`: another one was added. */
  #names: readonly string[] | null = null

  /** @throws {LatchkeyError} OPTION_INVALID for a bad or a used name, a missing scope, a handler that is none */
  add(name: string, options: MethodOptions, handler: MethodHandler): void {
    if (typeof name !== 'string' || name.length > 128 || !NAME.test(name) || name === 'connect') {
      throw invalid(`method: ${JSON.stringify(name)} is not a name such as "photos.list"`)
    }
    if (this.#methods.has(name)) throw invalid(`method: ${name} exists already`)
    const scope = (options as MethodOptions | undefined)?.scope
    if (scope === undefined || (scope !== null && !isScope(scope))) {
      throw invalid(
        `method ${name}: expected { scope: "…" }, or { scope: null } to let every paired device call it`,
      )
    }
    if (typeof handler !== 'function') throw invalid(`method ${name}: expected a handler function`)
    this.#names = null
    this.#methods.set(name, { name, scope, handler })
  }

  get(name: string): Method | undefined {
    return this.#methods.get(name)
  }

  names(): readonly string[] {
    this.#names ??= [...this.#methods.keys()].sort()
    return this.#names
  }
}

function invalid(message: string): LatchkeyError {
  return new LatchkeyError('OPTION_INVALID', message)
}
