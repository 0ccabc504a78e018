import { isForwardingName, isLocalHostText, type SiteProblem } from './proxy-site.ts'

export type SetHeader = {
  /** Lower case. */
  readonly name: string
  readonly value: string
  readonly file: string
  readonly line: number
}

export const NGINX_RECIPE = 'proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;'

type Place = { readonly file: string; readonly line: number }

/** What is wrong with the `proxy_set_header` lines that hold for one `proxy_pass`. */
export function headerProblems(headers: readonly SetHeader[], place: Place): SiteProblem[] {
  return [
    ...clientProblems(headers, place),
    ...hostProblems(headers, place),
    ...upgradeProblems(headers, place),
  ]
}

function clientProblems(headers: readonly SetHeader[], place: Place): SiteProblem[] {
  const problems: SiteProblem[] = []
  const chain = headers.findLast(({ name }) => name === 'x-forwarded-for' || name === 'forwarded')
  if (chain === undefined) {
    const saw = 'X-Forwarded-For is not set, so every client looks like this machine'
    problems.push({ level: 'red', ...place, saw, advice: `Add ${NGINX_RECIPE}` })
  }
  for (const { name, value, file, line } of headers) {
    if (!isForwardingName(name)) continue
    const isChain = name === 'x-forwarded-for' || name === 'forwarded'
    if (value === '') {
      const saw = `${name} is stripped`
      problems.push({ level: isChain ? 'red' : 'yellow', file, line, saw, advice: `Never strip it. ${NGINX_RECIPE}` })
    } else if (isChain && !value.includes('$')) {
      const saw = `${name} is always "${value}"`
      problems.push({ level: 'red', file, line, saw, advice: `It must name the client. ${NGINX_RECIPE}` })
    } else if (isChain && /^\$\{?http_/.test(value)) {
      const saw = `${name} is what the client wrote`
      problems.push({ level: 'red', file, line, saw, advice: `It must be $remote_addr. ${NGINX_RECIPE}` })
    }
  }
  return problems
} // prettier-ignore

function hostProblems(headers: readonly SetHeader[], place: Place): SiteProblem[] {
  const host = headers.findLast(({ name }) => name === 'host')
  const advice = 'Write proxy_set_header Host $host; never localhost.'
  if (host === undefined || /^\$\{?proxy_host\}?(?::|$)/.test(host.value)) {
    const at = host === undefined ? place : { file: host.file, line: host.line }
    return [{ level: 'yellow', ...at, saw: "Host is not passed on: nginx writes the gateway's own address", advice }]
  }
  const { value, file, line } = host
  if (value === '' || isLocalHostText(value))
    return [{ level: 'red', file, line, saw: `Host is rewritten to "${value}"`, advice }]
  return []
} // prettier-ignore

function upgradeProblems(headers: readonly SetHeader[], place: Place): SiteProblem[] {
  const missing = ['Upgrade', 'Connection'].filter(
    (name) => !headers.some((header) => header.name === name.toLowerCase() && header.value !== ''),
  )
  if (missing.length === 0) return []
  const advice = 'Add proxy_set_header Upgrade $http_upgrade; and Connection $connection_upgrade;'
  return [{ level: 'yellow', ...place, saw: `no ${missing.join(', no ')}: WebSockets cannot pass`, advice }]
}
