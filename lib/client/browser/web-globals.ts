/**
 * The globals of a browser that are used here, as far as they are used: the rest of Latchkey is for Node, and
 * with the whole of the DOM's types in scope nothing would notice a `document` there.
 */
export type WebGlobals = {
  readonly isSecureContext?: boolean
  readonly crypto?: { readonly subtle?: Subtle }
  readonly indexedDB?: {
    open(name: string, version: number): OpenRequest
  }
  readonly WebSocket: new (url: string) => WebSocketLike
}

export type WebSocketLike = {
  readonly readyState: number
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
  send(text: string): void
  close(code?: number): void
}

/** A CryptoKey; the private half cannot be read out of it. */
export type WebKey = {
  readonly type: string
  readonly extractable: boolean
  readonly algorithm: { readonly name: string }
}

export type Subtle = {
  generateKey(
    algorithm: { readonly name: string },
    extractable: boolean,
    usages: readonly string[],
  ): Promise<{ readonly privateKey: WebKey; readonly publicKey: WebKey }>
  exportKey(format: 'raw', key: WebKey): Promise<ArrayBuffer>
  sign(algorithm: { readonly name: string }, key: WebKey, data: Uint8Array): Promise<ArrayBuffer>
  digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer>
}

export type Database = {
  onversionchange: (() => void) | null
  createObjectStore(name: string): unknown
  transaction(store: string, mode: 'readonly' | 'readwrite', options?: { durability: 'strict' }): Transaction
  close(): void
}

export type Transaction = {
  readonly error: unknown
  oncomplete: (() => void) | null
  onabort: (() => void) | null
  objectStore(name: string): {
    get(key: string): StoreRequest
    add(value: unknown, key: string): StoreRequest
  }
}

export type StoreRequest = { readonly result: unknown; onsuccess: (() => void) | null }

export type OpenRequest = {
  readonly result: Database
  readonly error: unknown
  onupgradeneeded: (() => void) | null
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}

export const web = globalThis as unknown as WebGlobals
