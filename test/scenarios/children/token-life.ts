// Leads devices through everything that makes a token, against a gateway with a shared secret; then comes as a
// thief. argv: url, the shared secret. stdout: TokenLife as JSON.
import { createDeviceIdentity } from '../../../lib/client/index.ts'
import type { DeviceIdentity } from '../../../lib/client/index.ts'
import type { RawClient } from '../../gateway/raw-client.ts'
import { admittedAs, connectAs, type Ask } from '../../gateway/signed-connect.ts'
import type { TokenLife } from '../token-life.ts'

const [url = '', shared = ''] = process.argv.slice(2)
const FAR = { 'X-Forwarded-For': '203.0.113.7' }
const secrets: Record<string, string> = { shared }
const thief: Record<string, string> = {}

async function enter(who: DeviceIdentity, ask: Ask, name: string, headers = {}): Promise<RawClient> {
  const { client, hello } = await admittedAs(url, who, ask, headers)
  const { deviceToken } = hello.auth as { deviceToken?: string }
  if (deviceToken !== undefined) secrets[name] = deviceToken
  return client
}
async function ask(client: RawClient, method: string, params: object): Promise<Record<string, unknown>> {
  const { ok, payload, error } = await client.request(method, params)
  if (ok !== true || payload === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`)
  return payload
}
async function steal(
  what: string,
  who: DeviceIdentity,
  auth: NonNullable<Ask['auth']>,
  from = FAR,
): Promise<void> {
  const { client, answer } = await connectAs(url, who, { auth }, from)
  client.close()
  const { code = '', reason = '' } = answer.error?.details ?? {}
  thief[what] = answer.ok === true ? 'LET IN' : [code, reason].filter((part) => part !== '').join(' ')
}

const owner = createDeviceIdentity()
const admin = await enter(owner, { scopes: ['operator.admin'], auth: { token: shared } }, "the owner's token")

const visitor = createDeviceIdentity()
const waiting = await connectAs(url, visitor, { auth: { token: shared } }, FAR)
const { requestId, digest } = waiting.answer.error?.details ?? {}
await ask(admin, 'device.pair.approve', { requestId, digest })
await enter(visitor, { auth: { token: shared } }, "the visitor's token", FAR)

const invite = { scopes: ['operator.read'] }
secrets['a used invitation'] = String((await ask(admin, 'device.invite.create', invite)).bootstrapToken)
secrets['an open invitation'] = String((await ask(admin, 'device.invite.create', invite)).bootstrapToken)
const used = { bootstrapToken: secrets['a used invitation'] }
await enter(createDeviceIdentity(), { auth: used }, "the guest's token", FAR)

const own = { deviceId: owner.deviceId, role: 'operator' }
secrets["the owner's next token"] = String((await ask(admin, 'device.token.rotate', own)).token)
await ask(admin, 'device.token.rotate', { deviceId: visitor.deviceId, role: 'operator' })
const before = { deviceToken: secrets["the visitor's token"] ?? '' }
await enter(visitor, { auth: before }, "the visitor's next token", FAR)

const stolen = { deviceToken: secrets["the visitor's next token"] ?? '' }
const mallory = createDeviceIdentity()
await steal('a token with another key', mallory, stolen)
await steal('... from this machine', mallory, stolen, {} as typeof FAR)
await steal('... and the shared secret', mallory, { token: shared, ...stolen })
await steal("... and the owner's id", { ...mallory, deviceId: visitor.deviceId }, stolen)
await steal('... and the key of its owner', { ...visitor, sign: (text) => mallory.sign(text) }, stolen)
await steal('a used invitation', mallory, used)
secrets['a wrong secret'] = 'correct-horse-battery-staple'
await steal('a wrong secret', mallory, { token: secrets['a wrong secret'] })
// The device itself still gets in with it, so it was good all the time.
await enter(visitor, { auth: stolen }, 'nothing new', FAR)

await ask(admin, 'device.token.revoke', { deviceId: visitor.deviceId, role: 'operator' })
const life: TokenLife = { secrets, thief }
process.stdout.write(JSON.stringify(life))
process.exit(0)
