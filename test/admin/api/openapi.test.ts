import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { openApiDocument } from '../../../lib/admin/api/openapi.ts'
import { PROBLEMS, problemType } from '../../../lib/admin/api/problem.ts'
import { ROUTES } from '../../../lib/admin/api/route-table.ts'
import { closeApis, serveApi, type Api, type ApiResponse, type Method } from './api-fixture.ts'

type Media = { schema: object; example?: unknown; examples?: object }
type Operation = {
  operationId: string
  security?: unknown
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}
type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object>; examples: Record<string, { value: object }> }
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document
/** The same, with every object closed: an answer has nothing that is not described. */
const ajv = new Ajv2020({ strict: false })
ajv.addSchema(closed(document) as object, 'doc')
const operations = Object.entries(document.paths).flatMap(([template, item]) =>
  Object.entries(item).map(([method, operation]) => ({ template, method, operation })),
)

let api: Api
beforeAll(async () => {
  api = await serveApi()
})
afterAll(closeApis)

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(openApiDocument() as Record<string, unknown>)).toEqual({
      valid: true,
    })
  })

  test('is served to anybody, and is the same for all', async () => {
    api.peer.status = 'unproven'
    const { body, headers } = await api.call('GET', '/openapi.json').expect(200)
    api.peer.status = 'same-user'
    expect(body).toEqual(document)
    expect(headers['content-type']).toBe('application/json')
  })

  test('has examples that fit their schemas', () => {
    let seen = 0
    for (const { operation } of operations) {
      for (const media of mediaOf(operation)) {
        if (media.example === undefined) continue
        seen += 1
        expect([operation.operationId, errorsOf(media.schema, media.example)]).toEqual([
          operation.operationId,
          null,
        ])
      }
    }
    expect(seen).toBeGreaterThan(25)
    const problem = { $ref: '#/components/schemas/Problem' }
    for (const { value } of Object.values(document.components.examples))
      expect(errorsOf(problem, value)).toBeNull()
  })

  test('refuses only the document itself nobody', () => {
    const open = operations.filter(({ operation }) => JSON.stringify(operation.security) === '[]')
    expect(open.map(({ template }) => template)).toEqual(['/openapi.json'])
  })
})

test('every operation answers as described', async () => {
  const seen = new Set<string>()
  const check = async (method: Method, template: string, at: string, body?: object) => {
    const answer = await api.call(method, at, body)
    expect([template, problemsOf(method, template, answer)]).toEqual([template, null])
    seen.add(`${method} ${template}`)
    return answer.body as Record<string, never> & { requestId: string; inviteId: string }
  }
  const first = await api.waiting()
  const second = await api.waiting()
  const third = await api.waiting()
  const device = await api.pair(['operator.read'])
  const id = device.identity.deviceId
  await check('GET', '/requests', '/requests?limit=2')
  await check('GET', '/requests/{requestId}', `/requests/${first.requestId}`)
  await check('POST', '/requests/{requestId}/approve', `/requests/${first.requestId}/approve`, {
    digest: first.digest,
  })
  await check('POST', '/requests/{requestId}/reject', `/requests/${second.requestId}/reject`, {})
  await check('POST', '/requests/{requestId}/ignore', `/requests/${third.requestId}/ignore`, {})
  await check('GET', '/requests/{requestId}', `/requests/${third.requestId}`)
  await check('GET', '/devices', '/devices')
  await check('GET', '/devices/{deviceId}', `/devices/${id}`)
  await check('PATCH', '/devices/{deviceId}', `/devices/${id}`, { label: 'Kitchen' })
  await check('POST', '/devices/{deviceId}/tokens/{role}/rotate', `/devices/${id}/tokens/operator/rotate`, {})
  await check('DELETE', '/devices/{deviceId}/tokens/{role}', `/devices/${id}/tokens/operator`)
  await check('GET', '/ignored', '/ignored')
  await check('GET', '/ignored/{deviceId}', `/ignored/${third.identity.deviceId}`)
  await check('DELETE', '/ignored/{deviceId}', `/ignored/${third.identity.deviceId}`)
  const { inviteId } = await check('POST', '/invites', '/invites', {
    scopes: ['operator.read'],
    label: 'Tablet',
  })
  await check('GET', '/invites', '/invites')
  await check('GET', '/invites/{inviteId}', `/invites/${inviteId}`)
  await check('DELETE', '/invites/{inviteId}', `/invites/${inviteId}`)
  await api.pair(['operator.write'])
  await check('POST', '/grants/undo', '/grants/undo', { sinceMs: 0 })
  await check('DELETE', '/devices/{deviceId}', `/devices/${id}`)
  await check('GET', '/audit', '/audit')
  await check('POST', '/explain', '/explain', { remoteAddress: '127.0.0.1', headers: { Host: 'localhost' } })
  expect(seen).toEqual(new Set(ROUTES.map((route) => `${route.method} ${route.path}`)))
})

test('every operation refuses as described', async () => {
  const unknown: Record<string, string> = {
    requestId: 'none',
    deviceId: '0'.repeat(64),
    role: 'operator',
    inviteId: 'none',
  }
  for (const route of ROUTES) {
    const at = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => unknown[name] ?? '')
    const method = route.method as Method
    const body = method === 'GET' || method === 'DELETE' ? undefined : { unknown: true }
    const answers = [
      await api.call(method, at, body),
      await api.call(method, at, body, { Origin: 'https://evil.example' }),
      await api.call(method, at, body, { 'X-Forwarded-For': '203.0.113.7' }),
      await api.call(method, at, body, { 'If-Match': '"x"', 'X-Forwarded-For': '203.0.113.7' }),
    ]
    for (const answer of answers)
      expect([route.id, answer.status, problemsOf(method, route.path, answer)]).toEqual([
        route.id,
        answer.status,
        null,
      ])
    expect(answers.slice(1).map(({ status }) => status)).toEqual([403, 401, 401])
  }
})

test('the page has every operation, and every code with its status', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/api.md'), 'utf8')
  for (const route of ROUTES) expect(page).toContain(`\`${route.method} ${route.path}\``)
  for (const [code, [status]] of Object.entries(PROBLEMS))
    expect(page).toMatch(new RegExp(`\\| ${status} +\\| \`${code}\``))
  expect(problemType('REQUEST_SUPERSEDED')).toBe('urn:latchkey:request-superseded')
})

/** What of an answer is not as the document says; `null`: nothing. */
function problemsOf(method: string, template: string, { status, headers, text }: ApiResponse): unknown {
  const described = document.paths[template]?.[method.toLowerCase()]?.responses[status]
  if (described === undefined) return `status ${status} is not described: ${text}`
  if (described.content === undefined) return text === '' ? null : `a body: ${text}`
  const type = String(headers['content-type'])
  const media = described.content[type]
  return media === undefined ? `type ${type} is not described` : errorsOf(media.schema, JSON.parse(text))
}

function errorsOf(schema: object, value: unknown): ValidateFunction['errors'] | null {
  const validate = ajv.compile(closed(rooted(schema)) as object)
  return validate(value) ? null : validate.errors
}

function rooted(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"doc#/')) as object
}

function mediaOf(operation: Operation): Media[] {
  const contents = [
    operation.requestBody?.content,
    ...Object.values(operation.responses).map(({ content }) => content),
  ]
  return contents.flatMap((content) => Object.values(content ?? {}))
}

/** Schemas of objects that say nothing about further members then allow none. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) copy[name] = closed(member)
  if (copy.type === 'object' && typeof copy.properties === 'object') copy.additionalProperties ??= false
  return copy
}
