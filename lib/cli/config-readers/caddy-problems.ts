import { isForwardingName, isLocalHostText, type SiteProblem } from './proxy-site.ts'

export type HeaderChange = {
  readonly action: 'set' | 'delete'
  /** Lower case; may hold `*`. */
  readonly name: string
  readonly value: string
  readonly file: string
  readonly line: number
}

const UPSTREAM = /^\{(?:upstream_hostport|http\.reverse_proxy\.upstream\.(?:hostport|host))\}$/
const RIGHT = 'Remove the line: reverse_proxy passes Host on and names the client by itself.'

/** Without changes Caddy does right by itself. */
export function caddyProblems(
  changes: readonly HeaderChange[],
  place: { readonly file: string; readonly line: number },
  target: string,
): SiteProblem[] {
  const problems = changes.flatMap(changeProblems)
  if (target.startsWith('unix')) {
    const advice = "Use the gateway's TCP port: reverse_proxy 127.0.0.1:4747"
    problems.push({ level: 'yellow', ...place, saw: 'a Unix socket: nobody can be local there', advice })
  }
  return problems
}

function changeProblems({ action, name, value, file, line }: HeaderChange): SiteProblem[] {
  const at = { file, line, advice: RIGHT }
  const isChain = name === 'x-forwarded-for' || name === 'forwarded'
  if (action === 'delete') {
    if (/^(?:upgrade|connection)$/.test(name))
      return [{ level: 'yellow', saw: `${name} is removed: WebSockets cannot pass`, ...at }]
    const strips = name === '*' || isForwardingName(name.replaceAll('*', '')) || /^x-(?:f[^*]*)?\*/.test(name)
    return strips ? [{ level: 'red', saw: `${name} is stripped`, ...at }] : []
  }
  if (name === 'host') {
    if (UPSTREAM.test(value) || isLocalHostText(value) || value === '')
      return [{ level: 'red', saw: `Host is rewritten to "${value}"`, ...at }]
  } else if (isForwardingName(name) && value === '') {
    return [{ level: 'red', saw: `${name} is stripped`, ...at }]
  } else if (isChain && !value.includes('{')) {
    return [{ level: 'red', saw: `${name} is always "${value}"`, ...at }]
  } else if (isChain && /^\{(?:http\.request\.)?header\./.test(value)) {
    return [{ level: 'red', saw: `${name} is what the client wrote`, ...at }]
  }
  return []
} // prettier-ignore
