import type { Static, TObject, TSchema } from 'typebox'
import type { GatewayHost } from '../../gateway/index.ts'
import type { Authority, PairingService } from '../../pairing/index.ts'
import type { ProblemCode } from './problem.ts'

export type Shape = Readonly<Record<string, TSchema>>
type Fields<S extends Shape> = Static<TObject<S>>

/** What a handler gets. */
export type RouteCall<P, Q, B> = {
  readonly host: GatewayHost
  readonly authority: Authority
  /** Does nothing when the resource is not what If-Match says. */
  readonly service: PairingService
  readonly params: P
  readonly query: Q
  readonly body: B
}

export type RouteAnswer = {
  /** Default 200. */
  readonly status?: number
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Of a list: the cursor of the next page. */
  readonly next?: string | null
}

/** An answer that a route may give, for the document. `schema` names one of its components. */
export type DescribedAnswer = {
  readonly description: string
  readonly schema?: string
  readonly example?: unknown
}

/** One operation: what is asked for is checked by the very schemas that the document shows. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** With its parameters in braces. */
  readonly path: string
  readonly id: string
  readonly summary: string
  readonly description?: string
  /** The scope that the caller needs for others than itself, and for itself. */
  readonly needs: 'operator.admin' | 'operator.pairing'
  readonly params: Shape
  readonly query: Shape
  readonly body: Shape | 'any' | null
  readonly bodyExample?: unknown
  readonly answers: Readonly<Record<number, DescribedAnswer>>
  readonly problems: readonly ProblemCode[]
  /** What If-Match is about. */
  readonly resource: ((call: RouteCall<never, never, never>) => Promise<object>) | null
  readonly handle: (call: RouteCall<never, never, never>) => Promise<RouteAnswer>
}

type Given<P extends Shape, Q extends Shape, B extends Shape> = Pick<
  Route,
  'method' | 'path' | 'id' | 'summary' | 'description' | 'needs' | 'bodyExample' | 'answers' | 'problems'
> & {
  readonly params?: P
  readonly query?: Q
  /** `'any'`: an object that the handler reads itself. Default: the operation has no body. */
  readonly body?: B | 'any'
  readonly resource?: (call: RouteCall<Fields<P>, never, never>) => Promise<object>
  readonly handle: (call: RouteCall<Fields<P>, Fields<Q>, Fields<B>>) => Promise<RouteAnswer>
}

/** Types a route's handler by its schemas. */
export function route<P extends Shape = Shape, Q extends Shape = Shape, B extends Shape = Shape>(
  given: Given<P, Q, B>,
): Route {
  const { params, query, body, resource, ...rest } = given
  return {
    ...rest,
    params: params ?? {},
    query: query ?? {},
    body: body ?? null,
    resource: resource ?? null,
  }
}
