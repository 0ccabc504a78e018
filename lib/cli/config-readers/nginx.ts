import { headerProblems, NGINX_RECIPE, type SetHeader } from './nginx-headers.ts'
import type { NginxDirective } from './nginx-syntax.ts'
import { isOurs, type Ours, type ProxySite, type SiteProblem } from './proxy-site.ts'

/** What a block inherits from those around it. */
type Scope = {
  readonly module: 'http' | 'stream'
  readonly headers: readonly SetHeader[]
  readonly httpVersion: string | null
  readonly passesHeaders: boolean
  readonly variables: ReadonlyMap<string, string>
}

const TOP: Scope = {
  module: 'http',
  headers: [],
  httpVersion: null,
  passesHeaders: true,
  variables: new Map(),
}

/** The places where nginx passes requests on to the gateway, and what is wrong with each. */
export function readNginx(tree: readonly NginxDirective[], ours: Ours): ProxySite[] {
  const upstreams = upstreamsOf(tree)
  const sites: ProxySite[] = []
  function walk(block: readonly NginxDirective[], outer: Scope): void {
    const scope = scopeOf(block, outer)
    for (const directive of block) {
      if (directive.name === 'upstream') continue
      if (directive.name === 'proxy_pass') {
        const target = targetOf(directive.args[0] ?? '', scope, upstreams, ours)
        if (target !== null) sites.push(siteOf(directive, target, scope))
      }
      if (directive.block !== null)
        walk(directive.block, directive.name === 'stream' ? { ...scope, module: 'stream' } : scope)
    }
  }
  walk(tree, TOP)
  return sites
}

function scopeOf(block: readonly NginxDirective[], outer: Scope): Scope {
  const own = block
    .filter((directive) => directive.name === 'proxy_set_header')
    .map(({ args, file, line }) => ({
      name: (args[0] ?? '').toLowerCase(),
      value: args[1] ?? '',
      file,
      line,
    }))
  const last = (name: string): string | undefined =>
    block.findLast((directive) => directive.name === name)?.args[0]
  const set = block
    .filter((directive) => directive.name === 'set')
    .map(({ args }) => [args[0] ?? '', args[1] ?? ''] as const)
  return {
    module: outer.module,
    // nginx inherits them only into blocks that have none of their own.
    headers: own.length > 0 ? own : outer.headers,
    httpVersion: last('proxy_http_version') ?? outer.httpVersion,
    passesHeaders: (last('proxy_pass_request_headers') ?? (outer.passesHeaders ? 'on' : 'off')) === 'on',
    variables: new Map([...outer.variables, ...set]),
  }
}

function upstreamsOf(tree: readonly NginxDirective[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const directive of tree) {
    if (directive.block === null) continue
    if (directive.name === 'upstream') {
      const servers = directive.block.filter((child) => child.name === 'server')
      found.set(
        directive.args[0] ?? '',
        servers.map((server) => server.args[0] ?? ''),
      )
    } else {
      for (const [name, servers] of upstreamsOf(directive.block)) found.set(name, servers)
    }
  }
  return found
}

/** The gateway's address as this `proxy_pass` reaches it; `null` when it goes elsewhere. */
function targetOf(
  given: string,
  scope: Scope,
  upstreams: ReadonlyMap<string, readonly string[]>,
  ours: Ours,
): string | null {
  let url = given
  for (let round = 0; round < 5 && url.includes('$'); round += 1) {
    url = url.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, plain?: string) => {
      return scope.variables.get(`$${braced ?? plain ?? ''}`) ?? whole
    })
  }
  const bare = url.replace(/^https?:\/\//i, '')
  const authority = bare.startsWith('unix:') ? bare : (bare.split('/', 1)[0] ?? '')
  const candidates = [authority, ...(upstreams.get(authority) ?? [])]
  return candidates.find((candidate) => isTarget(candidate, ours)) ?? null
}

function isTarget(candidate: string, ours: Ours): boolean {
  const socket = /^unix:([^:]+)/.exec(candidate)?.[1]
  return socket === undefined ? isOurs(ours, candidate) : ours.sockets.includes(socket)
}

function siteOf(directive: NginxDirective, target: string, scope: Scope): ProxySite {
  const { file, line } = directive
  return { file, line, target, problems: problemsOf(directive, target, scope) }
}

function problemsOf({ file, line }: NginxDirective, target: string, scope: Scope): SiteProblem[] {
  if (scope.module === 'stream') {
    const saw = 'the stream module hides every client behind this machine'
    return [{ level: 'red', file, line, saw, advice: `Use the http module instead: ${NGINX_RECIPE}` }]
  }
  const problems = headerProblems(scope.headers, { file, line })
  if (!scope.passesHeaders) {
    const advice = 'Remove proxy_pass_request_headers off: forwarding headers must not be stripped.'
    problems.push({ level: 'red', file, line, saw: 'request headers are stripped', advice })
  }
  if (target.startsWith('unix:')) {
    const advice = 'Use the TCP port of the gateway: proxy_pass http://127.0.0.1:4747;'
    problems.push({
      level: 'yellow',
      file,
      line,
      saw: 'proxy_pass to a Unix socket: nobody can be local there',
      advice,
    })
  }
  if (scope.httpVersion !== null && scope.httpVersion !== '1.1') {
    const saw = `proxy_http_version ${scope.httpVersion}: WebSockets cannot pass`
    problems.push({ level: 'yellow', file, line, saw, advice: 'Add proxy_http_version 1.1;' })
  } else if (scope.httpVersion === null) {
    const saw = 'no proxy_http_version: WebSockets may not pass'
    problems.push({ level: 'yellow', file, line, saw, advice: 'Add proxy_http_version 1.1;' })
  }
  return problems
}
