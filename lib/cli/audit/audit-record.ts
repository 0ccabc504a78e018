/** An entry, as `audit.list` gives it. Names in it come from strangers. */
export type AuditRecord = {
  readonly seq: number
  readonly atMs: number
  readonly kind: string
  readonly actor: string
  readonly deviceId: string | null
  /** JSON. */
  readonly details: string
}

export type AuditList = {
  readonly entries: readonly AuditRecord[]
  readonly doubt: string | null
}

export type Details = Readonly<Record<string, unknown>>

/** What the entry says beside who and when; nothing when it cannot be read. */
export function detailsOf(record: AuditRecord): Details {
  try {
    const value: unknown = JSON.parse(record.details)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Details) : {}
  } catch {
    return {}
  }
}

/** True when the entry is about this device, or was caused by it. */
export function names(record: AuditRecord, device: string): boolean {
  const wanted = device.toLowerCase().replaceAll(/\s/g, '')
  const { devices, first, createdBy } = detailsOf(record)
  const named = [
    record.deviceId,
    record.actor,
    first,
    createdBy,
    ...(Array.isArray(devices) ? (devices as unknown[]) : []),
  ]
  return named.some((id) => typeof id === 'string' && id.startsWith(wanted))
}
