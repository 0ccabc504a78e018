import { randomUUID } from 'node:crypto'
import { isLoopbackName } from '../config-readers/proxy-site.ts'
import { green, red, yellow, type Finding } from './finding.ts'
import { askWhoami, type Whoami } from './whoami.ts'

export type ProbeTarget = {
  /** `null` when nobody could be asked. */
  readonly gatewayId: string | null
  /** Path of the gateway, such as `/gateway`. */
  readonly mount: string
  /** Where the gateway itself listens. */
  readonly ownPort: number | null
}

export type ProbeResult = {
  readonly finding: Finding
  /** `local`: the gateway is to be tainted. `clean`: a taint may go. `unclear`: neither. */
  readonly outcome: 'local' | 'clean' | 'unclear'
}

/** Rules 1 to 8 passed: but for the kernel, this client would have been local. */
const BY_KERNEL_ALONE = /^peer-(?:unproven|other-user|relay|outbound)$/
const RIGHT =
  "Let the proxy set X-Forwarded-For and pass Host on (latchkey explain), and trustProxy: ['loopback']."

/** Asks the public address who we are, as a visitor would. */
export async function checkPublicUrl(publicUrl: string, target: ProbeTarget): Promise<ProbeResult> {
  const check = `probe ${shownUrl(publicUrl)}`
  const url = parsed(publicUrl)
  if (url === null)
    return unclear(yellow(check, 'this is not an http or https URL', 'Give it as https://gateway.example.'))
  if (isLoopbackName(url.hostname) && Number(url.port || 80) === target.ownPort)
    return unclear(yellow(check, "this is the gateway's own port, not a public address", 'Give the URL that visitors use.'))
  const answer = await firstAnswer(url, target)
  if (typeof answer === 'string')
    return unclear(yellow(check, answer, 'Is the URL right, and are the routes of the gateway mounted below it?'))
  if (target.gatewayId === null)
    return unclear(yellow(check, 'a gateway answers, but whether it is this one is unknown', 'Start the gateway, or name it with --url.'))
  if (answer.gatewayId !== target.gatewayId)
    return unclear(yellow(check, 'another gateway answers there', 'Is the URL right?'))
  return judged(check, answer)
} // prettier-ignore

function judged(check: string, answer: Whoami): ProbeResult {
  const from = answer.clientAddress ?? 'an unknown address'
  const saw = `arrives from ${from}, ${answer.kind}, ${answer.reason}`
  if (answer.isLocal) return { finding: red(check, `LOOKS LOCAL: ${saw}`, RIGHT), outcome: 'local' }
  if (answer.reason === 'proxy-seen')
    return { finding: red(check, `would look local but for the taint: ${saw}`, RIGHT), outcome: 'local' }
  if (BY_KERNEL_ALONE.test(answer.reason))
    return unclear(yellow(check, `refused by the kernel's word alone: ${saw}`, answer.advice ?? RIGHT))
  return { finding: green(check, `not local: ${saw}`), outcome: 'clean' }
}

/** At the address itself, then below the gateway's path. */
async function firstAnswer(url: URL, { mount }: ProbeTarget): Promise<Whoami | string> {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  const places = [base, ...(mount === '' || base.endsWith(mount) ? [] : [base + mount])]
  let first: string | null = null
  for (const place of places) {
    const answer = await askWhoami(`${place}/whoami`, randomUUID())
    if (typeof answer !== 'string') return answer
    first ??= answer
  }
  return first ?? 'no answer'
}

/** Without what may be a secret. */
export function shownUrl(text: string): string {
  return text.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/, '')
}

function parsed(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : null
} // prettier-ignore

function unclear(finding: Finding): ProbeResult {
  return { finding, outcome: 'unclear' }
}
