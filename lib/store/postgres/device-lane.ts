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
 * Each transaction of a lane holds the row of its own device, and changes that row and its tokens alone. Of other
 * devices it may therefore read neither; all other tables change only while no lane runs, so that reading them is
 * safe. Every operation of the port has its rule here.
 */
const RULES: Readonly<Record<keyof PairingTransaction, 'read' | 'own' | 'leave'>> = {
  nowMs: 'read',
  setting: 'read',
  putSetting: 'leave',
  device: 'own',
  devices: 'leave',
  devicesBySeen: 'leave',
  putDevice: 'own',
  deleteDevice: 'leave',
  grants: 'read',
  silentGrantsSince: 'read',
  hasOwnerGrants: 'read',
  putGrant: 'leave',
  deleteGrant: 'leave',
  deleteExpiredGrants: 'leave',
  tokens: 'own',
  putToken: 'own',
  deleteToken: 'leave',
  request: 'read',
  pendingRequestOf: 'read',
  pendingRequests: 'read',
  putRequest: 'leave',
  countPending: 'read',
  countPendingFrom: 'read',
  countRequestsOf: 'read',
  expiredRequests: 'read',
  deleteSettledRequests: 'leave',
  ignored: 'read',
  ignoredDevices: 'read',
  putIgnored: 'leave',
  deleteIgnored: 'leave',
  invite: 'read',
  inviteByToken: 'read',
  invites: 'read',
  putInvite: 'leave',
  deleteInvite: 'leave',
  lastAuditEntry: 'read',
  auditEntries: 'read',
  addAuditEntry: 'leave',
  events: 'read',
  addEvent: 'leave',
  deleteEvents: 'leave',
  lastEventSeq: 'read',
  nodes: 'read',
  putNode: 'leave',
  deleteNode: 'leave',
  isPresent: 'read',
  addPresence: 'leave',
  deletePresence: 'leave',
  // Each is of one device, by its key.
  remembered: 'read',
  remember: 'read',
  forget: 'read',
  forgetRemembered: 'leave',
}

type Operation = (...args: unknown[]) => Promise<unknown>

/** The operations of a transaction that runs beside those of other devices; what leaves the lane rejects. */
export function deviceLane(tx: PairingTransaction, deviceId: string): PairingTransaction {
  const entries = Object.entries(tx).map(([name, operation]): [string, Operation] => {
    const rule = RULES[name as keyof PairingTransaction]
    const inLane: Operation = (...args) =>
      rule === 'read' || (rule === 'own' && deviceOf(args[0]) === deviceId)
        ? (operation as Operation)(...args)
        : Promise.reject(new LeftLane())
    return [name, inLane]
  })
  return Object.fromEntries(entries) as PairingTransaction
}

/** Of an id, a device or a token. */
function deviceOf(subject: unknown): unknown {
  if (typeof subject !== 'object' || subject === null) return subject
  if ('deviceId' in subject) return subject.deviceId
  return 'id' in subject ? subject.id : undefined
}
