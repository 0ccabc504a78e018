import Type, { type TSchema } from 'typebox'
import { problemDocument, problemType, PROBLEMS, ApiProblem, type ProblemCode } from './problem.ts'
import { RECORD_SCHEMAS } from './record-schemas.ts'
import { ROUTES } from './route-table.ts'
import type { Route, Shape } from './route.ts'
import { SECURITY, SECURITY_SCHEMES } from './security-schemes.ts'

/** Of every operation that asks who calls. */
const CALLER: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'AUTHORIZATION_MALFORMED',
  'BEARER_REFUSED',
  'DEVICE_TOKEN_REFUSED',
  'DPOP_PROOF_MISSING',
  'DPOP_PROOF_MALFORMED',
  'DPOP_ALGORITHM_UNSUPPORTED',
  'DPOP_KEY_INVALID',
  'DPOP_SIGNATURE_INVALID',
  'DPOP_PROOF_EXPIRED',
  'DPOP_METHOD_MISMATCH',
  'DPOP_TARGET_MISMATCH',
  'DPOP_TOKEN_MISMATCH',
  'DPOP_REPLAYED',
  'SHARED_SECRET_MISSING',
  'SHARED_SECRET_MISMATCH',
  'NOTHING_HELD',
  'CROSS_SITE',
  'VALIDATION_FAILED',
  'RATE_LIMITED',
  'INTERNAL',
  'UNAVAILABLE',
]
const OF_BODIES: readonly ProblemCode[] = ['BODY_MALFORMED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED']
const OF_KEYS: readonly ProblemCode[] = [
  'IDEMPOTENCY_KEY_INVALID',
  'IDEMPOTENCY_KEY_IN_USE',
  'IDEMPOTENCY_KEY_REUSED',
]

/** The OpenAPI 3.1 document, made of the very schemas that requests are checked by. */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {
    '/openapi.json': { get: DOCUMENT_OPERATION },
  }
  for (const route of ROUTES) {
    const item = (paths[route.path] ??= {})
    item[route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Latchkey admin API',
      version: '1.0.0',
      description: 'What the owner of a gateway decides about devices. See docs/api.md.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '.', description: 'Where this document is.' }],
    security: SECURITY,
    paths,
    components: { schemas: RECORD_SCHEMAS, examples: problemExamples(), securitySchemes: SECURITY_SCHEMES },
  }
}

const DOCUMENT_OPERATION = {
  operationId: 'getDocument',
  summary: 'This document',
  security: [],
  responses: {
    200: {
      description: 'Public; there is nothing of the gateway in it.',
      content: { 'application/json': { schema: { type: 'object' } } },
    },
    304: { description: 'Not modified.' },
    ...problemResponses(['CROSS_SITE', 'METHOD_NOT_ALLOWED']),
  },
}

function operation(route: Route): object {
  const { id, summary, description, needs } = route
  const isGet = route.method === 'GET'
  return {
    operationId: id,
    summary,
    description: [description, `Needs the scope \`${needs}\`.`].filter((text) => text !== undefined).join(' '),
    parameters: [
      ...parametersOf('path', route.params),
      ...parametersOf('query', route.query),
      ...headersOf(route),
    ],
    ...(route.body === null ? {} : { requestBody: bodyOf(route) }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, responseOf(route, answer)])),
      ...(isGet ? { 304: { description: 'Not modified.' } } : {}),
      ...problemResponses(problemsOf(route)),
    },
  } // prettier-ignore
}

/** Every problem that an operation may answer with. */
function problemsOf(route: Route): readonly ProblemCode[] {
  const isPost = route.method === 'POST'
  return [
    ...new Set<ProblemCode>([
      ...route.problems,
      ...CALLER,
      ...(route.method === 'GET' ? [] : OF_BODIES),
      ...(isPost ? OF_KEYS : []),
      'PRECONDITION_FAILED',
    ]),
  ]
}

function parametersOf(place: 'path' | 'query', shape: Shape): object[] {
  return Object.entries(shape).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema,
  }))
}

function headersOf(route: Route): object[] {
  const header = (name: string, description: string): object => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: Type.String(),
  })
  return [
    header('DPoP', 'With `Authorization: DPoP`: the proof for this very request (RFC 9449).'),
    ...(route.method === 'GET' ? [header('If-None-Match', 'The ETag that the client has.')] : []),
    ...(route.method !== 'GET' && route.resource !== null
      ? [header('If-Match', 'The ETag of the resource as it was read; anything else ends in 412.')]
      : []),
    ...(route.method === 'POST'
      ? [header('Idempotency-Key', 'Chosen by the client: a retry with the same key gets the same answer.')]
      : []),
  ]
}

function bodyOf({ body, bodyExample }: Route): object {
  const schema: TSchema =
    body === 'any'
      ? Type.Object({}, { additionalProperties: true })
      : Type.Object(body ?? {}, { additionalProperties: false })
  return { required: true, content: { 'application/json': { schema, example: bodyExample } } }
}

function responseOf(route: Route, { description, schema, example }: Route['answers'][number]): object {
  if (schema === undefined) return { description }
  const names = route.method === 'GET' || route.method === 'PATCH' ? ['ETag'] : []
  if (route.query.cursor !== undefined) names.push('Link')
  return {
    description,
    ...(names.length === 0 ? {} : { headers: Object.fromEntries(names.map((name) => [name, { schema: Type.String() }])) }),
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } },
  } // prettier-ignore
}

function problemResponses(codes: readonly ProblemCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code][0])
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, ofStatus]) => [status, problemResponse(status, ofStatus)]),
  )
}

function problemResponse(status: number, codes: readonly ProblemCode[]): object {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])
  const headers: Record<number, object> = {
    401: { 'WWW-Authenticate': { schema: Type.String({ examples: ['DPoP algs="EdDSA"'] }) } },
    405: { Allow: { schema: Type.String() } },
    429: { 'Retry-After': { schema: Type.String() } },
    503: { 'Retry-After': { schema: Type.String() } },
  }
  return {
    description: codes.map((code) => `${code}: ${PROBLEMS[code][1]}`).join(' '),
    ...(headers[status] === undefined ? {} : { headers: headers[status] }),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(examples) as object,
      },
    },
  }
}

function problemExamples(): object {
  const codes = Object.keys(PROBLEMS) as ProblemCode[]
  return Object.fromEntries(
    codes.map((code) => [
      code,
      { summary: problemType(code), value: problemDocument(new ApiProblem(code, PROBLEMS[code][1])) },
    ]),
  )
}
