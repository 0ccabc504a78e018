import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { serveExample, type ServedExample } from './example-program.ts'
import { fetchAsTool, type ToolRequest } from './fetch-as-tool.ts'

jest.setTimeout(120_000)

let example: ServedExample
beforeAll(async () => {
  example = await serveExample('existing-app')
})
afterAll(() => example.stop())

const REMOTE = 'X-Forwarded-For: 203.0.113.7'
function ask(page: string, request?: ToolRequest): ReturnType<typeof fetchAsTool> {
  return fetchAsTool(`${example.url.replace('ws:', 'http:').replace('/gateway', '')}${page}`, request)
}

test('the guard lets this machine into the admin pages, and nobody else', async () => {
  const near = await ask('/admin/status')
  expect([near.status, JSON.parse(near.body)]).toEqual([
    200,
    { assurance: 'same-user', clientAddress: '127.0.0.1', session: null },
  ])
  const far = await ask('/admin/status', { headers: [REMOTE] })
  expect([far.status, JSON.parse(far.body)]).toMatchObject([403, { reason: 'hop-untrusted' }])
  // Refusals carry the headers of helmet too, and every route of the router is guarded.
  expect(far.head).toMatch(/^content-security-policy: /m)
  expect((await ask('/admin/restart', { method: 'POST', headers: [REMOTE] })).status).toBe(403)
  expect((await ask('/admin/nothing-there', { headers: [REMOTE] })).status).toBe(403)
  expect((await ask('/admin/restart', { method: 'POST' })).status).toBe(202)
  // A page from elsewhere, in a browser of this machine.
  const forged = { method: 'POST', headers: ['Origin: https://evil.example'] }
  expect((await ask('/admin/restart', forged)).status).toBe(403)
})

test('the login counts as before, from everywhere, and locality adds to it', async () => {
  expect((await ask('/notes')).status).toBe(401)
  expect((await ask('/notes', { headers: [REMOTE] })).status).toBe(401)
  const login = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"user":"ann"}' }
  const entered = await ask('/notes/login', login)
  const cookie = `Cookie: ${/^set-cookie: ([^;]+)/m.exec(entered.head)?.[1] ?? ''}`
  const near = await ask('/notes', { headers: [cookie] })
  expect(JSON.parse(near.body)).toEqual({ user: 'ann', notes: ['water the plants'], mayEdit: true })
  const far = await ask('/notes', { headers: [cookie, REMOTE] })
  expect(JSON.parse(far.body)).toMatchObject({ user: 'ann', mayEdit: false })
  expect(far.head).toMatch(/^cache-control: no-store$/m)
  expect(JSON.parse((await ask('/admin/status', { headers: [cookie] })).body)).toMatchObject({
    session: 'ann',
  })
})

test('errors reach the handler of the app; the gateway answers beside all of it, without a cookie', async () => {
  const broken = await ask('/admin/broken')
  expect([broken.status, broken.body]).toEqual([500, '{"error":"something went wrong"}'])
  const whoami = await ask('/gateway/whoami')
  expect([whoami.status, whoami.head.includes('set-cookie')]).toEqual([200, false])
  const called = await example.cli('call', 'health.deep', '--scope', 'operator.read')
  expect([called.code, called.stdout]).toEqual([0, '{\n  "ok": true\n}\n'])
  // The API behind it decides with a JSON body, whatever parsers the app has.
  const invite = await ask('/gateway/api/invites', {
    method: 'POST',
    headers: ['Content-Type: application/json'],
    body: '{"scopes":["operator.read"]}',
  })
  expect([invite.status, invite.body]).toEqual([201, expect.stringContaining('bootstrapToken')])
})
