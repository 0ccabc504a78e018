import { createHash } from 'node:crypto'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { sampleDevice, sampleGrant, sampleRequest, sampleToken } from './samples.ts'

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex')

/**
 * Fills a store as years of use and a flood do: devices `device 1`, `device 2`, … the first of which was seen
 * last, and requests `caller 1`, … the first of which is the oldest.
 */
export async function fillLists(
  store: PairingStore,
  { devices, requests }: { readonly devices: number; readonly requests: number },
): Promise<void> {
  const nowMs = Date.now()
  const device = { displayName: null, approvals: [] }
  await store.transaction(async (tx) => {
    for (let n = 1; n <= devices; n += 1) {
      const id = idOf(`device ${n}`)
      const seen = { createdAtMs: nowMs - 86_400_000, lastSeenAtMs: nowMs - n * 1000 }
      await tx.putDevice(sampleDevice(id, { ...seen, displayName: `device ${n}`, label: null }))
      await tx.putGrant(sampleGrant(id, { grantedAtMs: nowMs - 86_400_000, expiresAtMs: null, approvedBy: 'host' }))
      await tx.putToken(sampleToken(id, { issuedAtMs: nowMs - 86_400_000, revokedAtMs: null }))
    }
    for (let n = 1; n <= requests; n += 1) {
      const times = { createdAtMs: nowMs - 100_000 + n, refreshedAtMs: nowMs, expiresAtMs: nowMs + 3_600_000 }
      const fromAddress = `198.51.${Math.floor(n / 250)}.${n % 250}`
      const asked = { ...device, displayName: `caller ${n}`, fromAddress, addressPrefix: fromAddress }
      await tx.putRequest(sampleRequest(`r-${n}`, idOf(`caller ${n}`), { ...asked, ...times, codeFailures: 0 }))
    }
  })
} // prettier-ignore
