import Type from 'typebox'
import { schemaReader } from '../../protocol/index.ts'
import { ApiProblem } from './problem.ts'
import type { JsonObject } from './read-body.ts'
import type { Route, Shape } from './route.ts'

type Reader = (value: unknown) => unknown
type Readers = { readonly params: Reader; readonly query: Reader; readonly body: Reader }

const readers = new WeakMap<Route, Readers>()

/** Checks the parts of a call by the schemas of its route. */
export function readCall(
  route: Route,
  params: Readonly<Record<string, string>>,
  query: string,
): { readonly params: unknown; readonly query: unknown } {
  const read = readersOf(route)
  return { params: read.params(params), query: read.query(queryOf(query, route.query)) }
}

export function checkBody(route: Route, body: JsonObject): unknown {
  return readersOf(route).body(body)
}

/** Made at the first use: compiling them all would slow the start of every app. */
function readersOf(route: Route): Readers {
  const known = readers.get(route)
  if (known !== undefined) return known
  const made = {
    params: closedReader(route.params, 'path'),
    query: closedReader(route.query, 'query'),
    body: route.body === 'any' ? (value: unknown) => value : closedReader(route.body ?? {}, 'body'),
  }
  readers.set(route, made)
  return made
}

function closedReader(shape: Shape, root: string): Reader {
  const read = schemaReader(Type.Object(shape, { additionalProperties: false }), root)
  return (value) => {
    const result = read(value)
    if ('problem' in result) throw new ApiProblem('VALIDATION_FAILED', result.problem)
    return result.value
  }
}

/** The parameters of a query, numbers and truth values as such where the schema has them. */
function queryOf(query: string, shape: Shape): object {
  const found: Record<string, unknown> = {}
  for (const [name, text] of new URLSearchParams(query)) {
    if (Object.hasOwn(found, name)) throw new ApiProblem('VALIDATION_FAILED', `query ${name}: given twice`)
    const schema = Object.hasOwn(shape, name) ? (shape[name] as { readonly type?: unknown }) : undefined
    if (schema === undefined) {
      const known = Object.keys(shape).join(', ') || 'none'
      throw new ApiProblem(
        'VALIDATION_FAILED',
        `query: there is no parameter ${printable(name)}; known: ${known}`,
      )
    }
    found[name] = valueOf(schema.type, text)
  }
  return found
}

function valueOf(type: unknown, text: string): unknown {
  if (type === 'integer' && /^\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 40).replaceAll(/[^\x20-\x7e]/g, '?'))
}
