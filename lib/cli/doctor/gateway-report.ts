/** What a gateway says of itself in `doctor.report`. What an older one leaves out is `undefined`. */
export type GatewayReport = {
  readonly gatewayId: string | undefined
  readonly node: string | undefined
  readonly trustProxy: readonly string[] | undefined
  readonly forwardedBy: string | undefined
  readonly assurance: string | undefined
  readonly listeners: readonly Listener[] | undefined
  /** `null`: it has none. */
  readonly secretFile: string | null | undefined
  readonly taint: { readonly why: string; readonly sinceMs: number } | null | undefined
}

export type Listener =
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

type Fields = Readonly<Record<string, unknown>>

/** Reads defensively: a field of another form is left out, and counts as unknown. */
export function readGatewayReport(answer: unknown): GatewayReport {
  const given = isFields(answer) ? answer : {}
  return {
    gatewayId: text(given.gatewayId),
    node: text(given.node),
    trustProxy: typeof given.trustProxy === 'string' ? given.trustProxy.split(',') : texts(given.trustProxy),
    forwardedBy: text(given.forwardedBy),
    assurance: text(given.assurance),
    listeners: Array.isArray(given.listeners)
      ? given.listeners.map(readListener).filter((listener) => listener !== null)
      : undefined,
    secretFile: readSecretFile(given.secretFile),
    taint: readTaint(given.taint),
  }
}

function readListener(value: unknown): Listener | null {
  if (typeof value === 'string') return { kind: 'unix', path: value }
  if (!isFields(value) || typeof value.address !== 'string' || typeof value.port !== 'number') return null
  return { kind: 'tcp', address: value.address, port: value.port }
}

function readSecretFile(value: unknown): string | null | undefined {
  if (value === null) return null
  return text(value) ?? (isFields(value) ? (text(value.file) ?? text(value.path)) : undefined)
}

function readTaint(value: unknown): GatewayReport['taint'] {
  if (value === null) return null
  if (!isFields(value)) return undefined
  const { why, sinceMs } = value
  return { why: text(why) ?? 'no reason', sinceMs: typeof sinceMs === 'number' ? sinceMs : 0 }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
