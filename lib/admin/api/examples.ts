// What the document shows. A test holds each of them to its schema.

const DEVICE_ID = '3f0c1c3a8d2e4b5f6a7980b1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5'
export const REQUEST_ID = '8d965b53-2c52-4a3f-9a35-0b1f3a0f6f0e'
export const DIGEST = '5b34d5c1e0a94f2b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b'
const KEY = 'Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE'
const INVITE_ID = '0c9c4a5e-6f0d-4c8e-8b7a-1d2e3f4a5b6c'
const HASH = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const AT = 1_790_000_000_000

const TRACE = [{ rule: 'forwarding-untrusted', outcome: 'fail', saw: 'x-forwarded-for' }] as const
const ADVICE = 'Name the proxy in trustProxy, and keep the forwarding headers.'

const request = {
  requestId: REQUEST_ID,
  digest: DIGEST,
  deviceId: DEVICE_ID,
  publicKey: KEY,
  displayName: 'Kitchen tablet',
  platform: 'linux',
  clientId: 'my-tool',
  clientMode: 'cli',
  role: 'operator',
  roles: ['operator'],
  asks: [{ role: 'operator', scopes: ['operator.write'] }],
  scopes: ['operator.write'],
  remoteIp: '203.0.113.7',
  silent: false,
  isRepair: false,
  reason: 'not-paired',
  locality: { reason: 'forwarding-untrusted', advice: ADVICE, trace: TRACE },
  hasCode: true,
  codeRequired: false,
  verificationCode: '4821-0937',
  secondApproverRequired: false,
  ts: AT,
  expiresAtMs: AT + 300_000,
  state: 'pending',
}

const device = {
  deviceId: DEVICE_ID,
  publicKey: KEY,
  displayName: 'Kitchen tablet',
  label: 'Kitchen tablet',
  platform: 'linux',
  clientId: 'my-tool',
  clientMode: 'cli',
  role: 'operator',
  roles: ['operator'],
  scopes: ['operator.read'],
  approvedScopes: ['operator.read'],
  approvedVia: 'owner',
  grants: [
    {
      role: 'operator',
      via: 'owner',
      scopes: ['operator.read'],
      approvedBy: 'local',
      origin: REQUEST_ID,
      fromAddress: '203.0.113.7',
      localityReason: 'forwarding-untrusted',
      grantedAtMs: AT,
    },
  ],
  createdAtMs: AT,
  approvedAtMs: AT,
  lastSeenAtMs: AT,
  connected: false,
  tokens: [{ role: 'operator', issuedAtMs: AT, lastUsedAtMs: AT }],
}

const ignored = { deviceId: DEVICE_ID, displayName: 'Stranger', ignoredBy: 'local', ignoredAtMs: AT }
const invite = {
  inviteId: INVITE_ID,
  asks: [{ role: 'operator', scopes: ['operator.read'] }],
  label: 'Kitchen tablet',
  createdBy: 'local',
  createdAtMs: AT,
  expiresAtMs: AT + 600_000,
  usedBy: null,
  usedAtMs: null,
}
const undone = { deviceId: DEVICE_ID, role: 'operator', scopes: ['operator.read'], grantedAtMs: AT }
const entry = {
  seq: 1,
  atMs: AT,
  kind: 'device-renamed',
  actor: 'local',
  deviceId: DEVICE_ID,
  details: { label: 'Kitchen tablet', before: null },
  detailsText: '{"label":"Kitchen tablet","before":null}',
  previousHash: '0'.repeat(64),
  hash: HASH,
}

export const EXAMPLES = {
  request,
  requestList: { requests: [request], next: null },
  rejected: { ...request, state: 'rejected', decidedAtMs: AT + 1000, decidedBy: 'local' },
  halfApproval: { requestId: REQUEST_ID, deviceId: DEVICE_ID, awaiting: 'second-approver' },
  device,
  deviceList: { devices: [device], next: 'WyJkZXZpY2VzIiwiM2YwYzFjM2EiXQ' },
  rotation: {
    deviceId: DEVICE_ID,
    role: 'operator',
    scopes: ['operator.read'],
    rotatedAtMs: AT,
    tokenDelivery: 'withheld-cross-device',
  },
  revocation: { deviceId: DEVICE_ID, role: 'operator', revokedAtMs: AT },
  ignored,
  ignoredList: { ignored: [ignored], next: null },
  invite,
  inviteList: { invites: [invite], next: null },
  madeInvite: { ...invite, bootstrapToken: 'rC3nqzWnqk0rZxH0m8Yx2kFvQ1sJt6uWb4eLd9pGa7I' },
  undone: { sinceMs: AT, grants: [undone] },
  auditPage: { entries: [entry], doubt: null, next: null },
  record: {
    remoteAddress: '127.0.0.1',
    headers: { Host: '127.0.0.1:4747', 'X-Forwarded-For': '203.0.113.7' },
  },
  explanation: {
    verdict: {
      isLocal: false,
      kind: 'remote',
      assurance: 'none',
      clientAddress: '127.0.0.1',
      reason: 'forwarding-untrusted',
      trace: TRACE,
      silent: false,
      advice: ADVICE,
    },
    ignored: [],
    recipes: [],
  },
} as const
