import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { connectAs, FORWARDED } from '../../gateway/signed-connect.ts'
import { closeApis, serveApi, type Api } from './api-fixture.ts'

let api: Api
beforeEach(async () => {
  api = await serveApi()
})
afterEach(closeApis)

const approve = (id: string, body: object, headers: Record<string, string> = {}) =>
  api.call('POST', `/requests/${id}/approve`, body, headers)

describe('a request', () => {
  test('is approved, in part when so asked, and the device gets in', async () => {
    const { requestId, digest, identity } = await api.waiting(['operator.write'])
    const { body } = await approve(requestId, {
      digest,
      scopes: ['operator.read'],
      expiresInMs: 60_000,
    }).expect(200)
    expect(body).toMatchObject({
      requestId,
      device: { approvedScopes: ['operator.read'], approvedVia: 'owner' },
    })
    expect(body.device).toMatchObject({ grants: [{ approvedBy: 'local' }] })
    const { client, answer } = await connectAs(`ws://127.0.0.1:${api.port}/gateway`, identity, {}, FORWARDED)
    client.close()
    expect(answer.ok).toBe(true)
    const settled = await api.call('GET', `/requests/${requestId}`).expect(200)
    expect(settled.body).toMatchObject({ state: 'approved', decidedBy: 'local' })
  })

  test('needs its digest', async () => {
    const { requestId } = await api.waiting()
    expect((await approve(requestId, {}).expect(400)).body.code).toBe('VALIDATION_FAILED')
    const wrong = await approve(requestId, { digest: '0'.repeat(64) }).expect(409)
    expect(wrong.body).toMatchObject({
      type: 'urn:latchkey:request-superseded',
      code: 'REQUEST_SUPERSEDED',
      requestId,
      asks: [{ role: 'operator', scopes: ['operator.read'] }],
    })
    expect((await api.call('GET', '/devices')).body.devices).toEqual([])
  })

  test('that was widened shows the difference', async () => {
    const first = await api.waiting(['operator.read'])
    const second = await api.waiting(['operator.write'], first.identity)
    const { body } = await approve(first.requestId, { digest: first.digest }).expect(409)
    expect(body).toMatchObject({
      code: 'REQUEST_SUPERSEDED',
      requestId: second.requestId,
      digest: second.digest,
      addedScopes: ['operator.write'],
    })
  })

  test('is decided once, however many approve it at the same time', async () => {
    const { requestId, digest } = await api.waiting()
    const answers = await Promise.all(Array.from({ length: 100 }, () => approve(requestId, { digest })))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const grants = answers.map(({ body }) => (body.device as { grants: { grantedAtMs: number }[] }).grants)
    expect(new Set(grants.map((list) => JSON.stringify(list))).size).toBe(1)
    expect(grants[0]).toHaveLength(1)
    const { body } = await api.call('GET', '/audit')
    const kinds = (body.entries as { kind: string }[]).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'request-approved')).toHaveLength(1)
  })

  test('that is settled is not decided otherwise', async () => {
    const { requestId, digest } = await api.waiting()
    await api.call('POST', `/requests/${requestId}/reject`, { reason: 'no' }).expect(200)
    const late = await approve(requestId, { digest }).expect(409)
    expect(late.body).toMatchObject({ code: 'REQUEST_SETTLED', state: 'rejected' })
    await approve('unknown', { digest }).expect(404)
  })

  test('is ignored for good, and heard again', async () => {
    const { requestId, identity } = await api.waiting()
    await api.call('POST', `/requests/${requestId}/ignore`, {}).expect(200)
    const { body } = await api.call('GET', '/ignored').expect(200)
    expect(body.ignored).toMatchObject([{ deviceId: identity.deviceId, ignoredBy: 'local' }])
    await api.call('DELETE', `/ignored/${identity.deviceId}`).expect(204)
    await api.call('DELETE', `/ignored/${identity.deviceId}`).expect(404)
  })

  test('cannot be approved by the device itself, nor beyond what the approver holds', async () => {
    const device = await api.pair(['operator.pairing'])
    const { requestId, digest } = await api.waiting(['operator.admin'], device.identity)
    const own = await api.as(device, 'POST', `/requests/${requestId}/approve`, { digest })
    expect(own.status).toBe(403)
    const admin = await api.approved(['operator.admin'])
    const beyond = await api.waiting(['photos.read'])
    const answer = await api.as(admin, 'POST', `/requests/${beyond.requestId}/approve`, {
      digest: beyond.digest,
    })
    expect(answer.body).toMatchObject({ status: 403, code: 'MISSING_SCOPE', missingScope: 'photos.read' })
  })

  test('with a risky scope needs a code, and says so', async () => {
    const strict = await serveApi({
      approval: { codeFor: ['operator.admin'], secondApproverFor: ['operator.write'] },
    })
    const risky = await strict.waiting(['operator.admin'])
    const path = `/requests/${risky.requestId}/approve`
    const { body } = await strict.call('POST', path, { digest: risky.digest }).expect(403)
    expect(body.code).toBe('CODE_MISSING')
    const bad = await strict.call('POST', path, { digest: risky.digest, code: 'x' }).expect(400)
    expect(bad.body.code).toBe('CODE_MALFORMED')
    const shared = await strict.waiting(['operator.write'])
    const half = await strict
      .call('POST', `/requests/${shared.requestId}/approve`, { digest: shared.digest })
      .expect(202)
    expect(half.body.awaiting).toBe('second-approver')
    const again = await strict
      .call('POST', `/requests/${shared.requestId}/approve`, { digest: shared.digest })
      .expect(202)
    expect(again.body.awaiting).toBe('second-approver')
  })
})

describe('Idempotency-Key', () => {
  test('gives the same answer again, and only for the same request', async () => {
    const key = { 'Idempotency-Key': '"first"' }
    const ask = { scopes: ['operator.read'] }
    const made = await api.call('POST', '/invites', ask, key).expect(201)
    const again = await api.call('POST', '/invites', ask, { 'Idempotency-Key': 'first' }).expect(201)
    expect(again.body).toEqual(made.body)
    expect(again.headers.location).toBe(made.headers.location)
    expect((await api.call('GET', '/invites')).body.invites).toHaveLength(1)
    const other = await api.call('POST', '/invites', { scopes: [] }, key).expect(422)
    expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    await api.call('POST', '/grants/undo', { sinceMs: 0 }, key).expect(422)
    // Another caller's keys are its own.
    const device = await api.pair(['operator.admin'])
    expect((await api.as(device, 'POST', '/invites', ask, key)).body.inviteId).not.toBe(made.body.inviteId)
    await api.call('POST', '/invites', ask, { 'Idempotency-Key': 'ä' }).expect(400)
  })

  test('gives a refusal again too, so that a wrong code counts once', async () => {
    const { requestId, digest } = await api.waiting()
    const headers = { 'Idempotency-Key': 'k' }
    await approve(requestId, { digest: 'f'.repeat(64) }, headers).expect(409)
    await approve(requestId, { digest: 'f'.repeat(64) }, headers).expect(409)
    await approve(requestId, { digest }, headers).expect(422)
    await approve(requestId, { digest }).expect(200)
  })

  test('of requests at the same time lets one run', async () => {
    const headers = { 'Idempotency-Key': 'at once' }
    const ask = { scopes: ['operator.read'] }
    const all = Array.from({ length: 10 }, () =>
      api.call('POST', '/invites', ask, { ...headers, 'Idempotency-Key': '"at once"' }),
    )
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([])
    expect((await api.call('GET', '/invites')).body.invites).toHaveLength(1)
  })
})

describe('ETags', () => {
  test('are of the content: 304 when it is the same, another when it is not', async () => {
    const { requestId } = await api.waiting()
    for (const path of ['/requests', `/requests/${requestId}`, '/openapi.json']) {
      const { headers } = await api.call('GET', path).expect(200)
      const etag = String(headers.etag)
      expect(etag).toMatch(/^"[A-Za-z0-9_-]{32}"$/)
      for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const same = await api.call('GET', path, undefined, { 'If-None-Match': known }).expect(304)
        expect([same.text, same.headers.etag]).toEqual(['', etag])
      }
      await api.call('GET', path, undefined, { 'If-None-Match': '"x"' }).expect(200)
    }
  })

  test('guard decisions, names and removals: 412 when it is another, and nothing happens', async () => {
    const { requestId, digest } = await api.waiting()
    const path = `/requests/${requestId}`
    const { etag = '' } = (await api.call('GET', path)).headers
    for (const stale of ['"x"', `W/${etag}`, 'nonsense', '']) {
      const { body } = await approve(requestId, { digest }, { 'If-Match': stale }).expect(412)
      expect(body).toMatchObject({ code: 'PRECONDITION_FAILED', currentETag: etag })
    }
    const { body } = await approve(requestId, { digest }, { 'If-Match': etag }).expect(200)
    await approve(requestId, { digest }, { 'If-Match': etag }).expect(412)
    const device = `/devices/${(body.device as { deviceId: string }).deviceId}`
    const before = String((await api.call('GET', device)).headers.etag)
    const renamed = await api.call('PATCH', device, { label: 'Kitchen' }, { 'If-Match': before }).expect(200)
    expect(renamed.headers.etag).toBe((await api.call('GET', device)).headers.etag)
    await api.call('PATCH', device, { label: 'Hall' }, { 'If-Match': before }).expect(412)
    await api.call('DELETE', device, undefined, { 'If-Match': before }).expect(412)
    await api.call('DELETE', device, undefined, { 'If-Match': '*' }).expect(204)
    await api.call('DELETE', device, undefined, { 'If-Match': '*' }).expect(404)
    await api.call('POST', '/grants/undo', { sinceMs: 0 }, { 'If-Match': '"x"' }).expect(412)
  })

  test('let one of two through that change the same thing', async () => {
    const device = await api.pair(['operator.read'])
    const path = `/devices/${device.identity.deviceId}`
    const { etag = '' } = (await api.call('GET', path)).headers
    const both = ['Kitchen', 'Hall'].map((label) => api.call('PATCH', path, { label }, { 'If-Match': etag }))
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 412])
  })
})
