import { LatchkeyError } from '../../errors.ts'
import type { Approval, Decision, PairingRequest, PairingService } from '../../pairing/index.ts'

/** A device of a test, or the id of a device or of a request. */
export type DeviceOrId = string | { readonly deviceId: string }

/** What the owner does, in the name of the program itself, which may do everything. */
export type OwnerHelpers = {
  /**
   * Approves what a device waits for, all of it or less.
   *
   * @throws {LatchkeyError} TEST_FAILED when nothing of it waits, and as the gateway refuses
   */
  approve(device: DeviceOrId, decision?: Omit<Decision, 'requestId'>): Promise<Approval>
  /** @throws {LatchkeyError} as `approve` */
  reject(device: DeviceOrId, reason?: string): Promise<PairingRequest>
  /** Takes a role from a device; its connections in that role end with 4001. */
  revoke(device: DeviceOrId, role?: string): Promise<void>
  /** Forgets a device; all its connections end with 4001. */
  remove(device: DeviceOrId): Promise<void>
}

const HOST = { kind: 'host', name: 'host' } as const

export function ownerHelpers(service: PairingService): OwnerHelpers {
  async function waiting(device: DeviceOrId): Promise<PairingRequest> {
    const id = idOf(device)
    const { pending } = await service.list(HOST)
    const found = pending.find((request) => request.deviceId === id || request.id === id)
    if (found !== undefined) return found
    const others = pending.map(({ deviceId, role }) => `${deviceId.slice(0, 8)}… (${role})`).join(', ')
    throw new LatchkeyError(
      'TEST_FAILED',
      `nothing of ${id.slice(0, 8)}… waits for the owner; ${others === '' ? 'nobody waits' : `who waits: ${others}`}`,
    )
  }
  return {
    async approve(device, decision = {}) {
      const request = await waiting(device)
      return service.approve(HOST, { digest: request.digest, ...decision, requestId: request.id })
    },
    reject: async (device, reason) => service.reject(HOST, (await waiting(device)).id, reason),
    async revoke(device, role = 'operator') {
      await service.revoke(HOST, idOf(device), role)
    },
    remove: (device) => service.remove(HOST, idOf(device)),
  }
}

function idOf(device: DeviceOrId): string {
  return typeof device === 'string' ? device : device.deviceId
}
