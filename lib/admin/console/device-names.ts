/** Names of devices that are not on the page, kept for the sentences that name them. */
export type DeviceNames = {
  /** `undefined`: a device that was removed, or was not asked about. */
  of(deviceId: string): string | null | undefined
  /** Asks for those that are not known. What is no device id is left out. */
  learn(deviceIds: readonly string[]): Promise<void>
  /** Devices were renamed or removed. */
  forget(): void
}

const IS_ID = /^[0-9a-f]{64}$/
/** The most that the gateway answers at once. */
const AT_ONCE = 200
const REMEMBERED = 5000

export function deviceNames(request: (method: string, params: object) => Promise<unknown>): DeviceNames {
  const known = new Map<string, string | null | undefined>()
  return {
    of: (deviceId) => known.get(deviceId),
    async learn(deviceIds) {
      const missing = [...new Set(deviceIds)].filter((id) => IS_ID.test(id) && !known.has(id))
      if (known.size + missing.length > REMEMBERED) known.clear()
      for (let from = 0; from < missing.length; from += AT_ONCE) {
        const asked = missing.slice(from, from + AT_ONCE)
        const { names } = (await request('device.pair.names', { deviceIds: asked })) as {
          readonly names: Readonly<Record<string, string | null>>
        }
        for (const id of asked) known.set(id, names[id])
      }
    },
    forget: () => known.clear(),
  }
}
