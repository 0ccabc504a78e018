import type { ApacheDirective } from './apache-syntax.ts'
import { isForwardingName, isLocalHostText, type SiteProblem } from './proxy-site.ts'

/** What holds at one place of the configuration. */
export type ApacheScope = {
  readonly preserveHost: boolean
  readonly addHeaders: boolean
  readonly addHeadersAt: ApacheDirective | null
  readonly headers: readonly ApacheDirective[]
  readonly passesUpgrade: boolean
}

type Place = { readonly file: string; readonly line: number }

export function apacheProblems(scope: ApacheScope, place: Place, target: string): SiteProblem[] {
  const problems: SiteProblem[] = []
  if (!scope.addHeaders) {
    const { file, line } = scope.addHeadersAt ?? place
    const saw = 'ProxyAddHeaders Off, so every client looks like this machine'
    problems.push({ level: 'red', file, line, saw, advice: 'Remove it: it is on by default.' })
  }
  if (!scope.preserveHost) {
    const saw = "Host is not passed on: Apache writes the gateway's own address"
    problems.push({ level: 'yellow', ...place, saw, advice: 'Add ProxyPreserveHost On.' })
  }
  if (!scope.passesUpgrade) {
    const advice = 'Add upgrade=websocket to the ProxyPass (Apache 2.4.47 or newer).'
    problems.push({ level: 'yellow', ...place, saw: 'no upgrade=websocket: WebSockets cannot pass', advice })
  }
  if (target.startsWith('unix:')) {
    const advice = "Use the gateway's TCP port: ProxyPass / http://127.0.0.1:4747/"
    problems.push({ level: 'yellow', ...place, saw: 'a Unix socket: nobody can be local there', advice })
  }
  return [...problems, ...scope.headers.flatMap((header) => headerProblems(header, scope.addHeaders))]
}

/** `RequestHeader action name value`; `early` and conditions come after. */
function headerProblems({ args, file, line }: ApacheDirective, addHeaders: boolean): SiteProblem[] {
  const [action = '', given = '', value = ''] = args
  const name = given.toLowerCase()
  if (action.toLowerCase() === 'unset') {
    // mod_proxy adds its own afterwards: unsetting those drops no more than what the client wrote.
    const isWritten = addHeaders && /^x-forwarded-(?:for|host|server)$/.test(name)
    if (!isForwardingName(name) || isWritten) return []
    const advice = 'Remove it: forwarding headers must not be stripped.'
    return [{ level: addHeaders ? 'yellow' : 'red', file, line, saw: `${name} is stripped`, advice }]
  }
  if (!/^(?:set|edit|add|append|merge|setifempty)\*?$/i.test(action)) return []
  if (name === 'host' && isLocalHostText(value)) {
    const advice = 'Remove it, and write ProxyPreserveHost On.'
    return [{ level: 'red', file, line, saw: `Host is rewritten to "${value}"`, advice }]
  }
  if ((name === 'x-forwarded-for' || name === 'forwarded') && !value.includes('%')) {
    const advice = 'Remove it: Apache names the client by itself.'
    return [{ level: 'red', file, line, saw: `${name} is always "${value}"`, advice }]
  }
  return []
}
