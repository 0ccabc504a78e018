import type { PairingTransaction } from '../../pairing/pairing-store.ts'

/** The work needs more than its lane gives: it is rolled back, and run alone. Never leaves the store. */
export class LeftLane extends Error {
  override readonly name = 'LeftLane'

  constructor() {
    super('the work does more than its hint says')
  }
}

/** An id that stands in a statement as it is. */
export function fitsLane(deviceId: string): boolean {
  return /^[0-9a-f]{1,128}$/.test(deviceId)
}

/**
 * The operations of a transaction that runs beside those of other devices. Each of them holds the row of its own
 * device, and changes that row and its tokens alone; these, of other devices, are therefore what it may not read.
 * All other tables change only while no such transaction runs, so that reading them is safe.
 */
export function deviceLane(tx: PairingTransaction, deviceId: string): PairingTransaction {
  const left = (): Promise<never> => Promise.reject(new LeftLane())
  const own =
    <A extends unknown[], R>(idOf: (...args: A) => string, operation: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      idOf(...args) === deviceId ? operation(...args) : left()

  return {
    nowMs: tx.nowMs,
    setting: tx.setting,
    device: own((id) => id, tx.device),
    putDevice: own(({ id }) => id, tx.putDevice),
    tokens: own((id) => id, tx.tokens),
    putToken: own((token) => token.deviceId, tx.putToken),
    grants: tx.grants,
    silentGrantsSince: tx.silentGrantsSince,
    hasOwnerGrants: tx.hasOwnerGrants,
    request: tx.request,
    pendingRequestOf: tx.pendingRequestOf,
    pendingRequests: tx.pendingRequests,
    countPending: tx.countPending,
    countPendingFrom: tx.countPendingFrom,
    countRequestsOf: tx.countRequestsOf,
    expiredRequests: tx.expiredRequests,
    ignored: tx.ignored,
    ignoredDevices: tx.ignoredDevices,
    invite: tx.invite,
    inviteByToken: tx.inviteByToken,
    invites: tx.invites,
    lastAuditEntry: tx.lastAuditEntry,
    auditEntries: tx.auditEntries,
    events: tx.events,
    lastEventSeq: tx.lastEventSeq,
    nodes: tx.nodes,
    isPresent: tx.isPresent,
    // Each is of one device, by its key.
    remembered: tx.remembered,
    remember: tx.remember,
    forget: tx.forget,

    devices: left,
    devicesBySeen: left,
    deleteDevice: left,
    deleteToken: left,
    putSetting: left,
    putGrant: left,
    deleteGrant: left,
    deleteExpiredGrants: left,
    putRequest: left,
    deleteSettledRequests: left,
    putIgnored: left,
    deleteIgnored: left,
    putInvite: left,
    deleteInvite: left,
    addAuditEntry: left,
    addEvent: left,
    deleteEvents: left,
    putNode: left,
    deleteNode: left,
    addPresence: left,
    deletePresence: left,
    forgetRemembered: left,
  }
}
