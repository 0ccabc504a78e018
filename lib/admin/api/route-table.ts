import { ApiProblem } from './problem.ts'
import { deviceRoutes } from './resources/devices.ts'
import { ignoredRoutes } from './resources/ignored.ts'
import { inviteRoutes } from './resources/invites.ts'
import { ownerRoutes } from './resources/owner.ts'
import { requestRoutes } from './resources/requests.ts'
import { tokenRoutes } from './resources/tokens.ts'
import type { Route } from './route.ts'

/** Every operation but the document itself. */
export const ROUTES: readonly Route[] = [
  ...requestRoutes,
  ...deviceRoutes,
  ...tokenRoutes,
  ...ignoredRoutes,
  ...inviteRoutes,
  ...ownerRoutes,
]

export type MatchedRoute = { readonly route: Route; readonly params: Readonly<Record<string, string>> }

/** By where it differs from a path: each template is split once. */
const TEMPLATES = ROUTES.map((route) => ({ route, segments: route.path.split('/') }))

/**
 * The operation that a method and a path name. Segments are taken apart before they are decoded, so that an
 * encoded slash or dot leads nowhere else.
 *
 * @throws {ApiProblem} NOT_FOUND, METHOD_NOT_ALLOWED with the methods that there are
 */
export function matchRoute(method: string, path: string): MatchedRoute {
  const segments = path.split('/')
  const here = TEMPLATES.flatMap(({ route, segments: template }) => {
    const params = paramsOf(template, segments)
    return params === null ? [] : [{ route, params }]
  })
  if (here.length === 0)
    throw new ApiProblem('NOT_FOUND', 'there is no such path; GET openapi.json lists those that there are')
  const found = here.find(({ route }) => route.method === (method === 'HEAD' ? 'GET' : method))
  if (found !== undefined) return found
  throw notAllowed(here.map(({ route }) => route.method))
}

/** A 405 as RFC 9110, section 15.5.6, asks for it. A preflight of a browser gets it too, and nothing that allows it. */
export function notAllowed(methods: readonly string[]): ApiProblem {
  const allowed = methods.includes('GET')
    ? ['GET', 'HEAD', ...methods.filter((one) => one !== 'GET')]
    : methods
  const allow = allowed.join(', ')
  return new ApiProblem('METHOD_NOT_ALLOWED', `expected ${allow}`, { headers: { Allow: allow } })
}

function paramsOf(template: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (template.length !== segments.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of template.entries()) {
    const given = segments[index] ?? ''
    const name = /^\{(.+)\}$/.exec(part)?.[1]
    if (name === undefined) {
      if (part !== given) return null
    } else {
      const value = decoded(given)
      if (value === null) return null
      params[name] = value
    }
  }
  return params
}

function decoded(segment: string): string | null {
  try {
    return segment === '' ? null : decodeURIComponent(segment)
  } catch {
    return null
  }
}
