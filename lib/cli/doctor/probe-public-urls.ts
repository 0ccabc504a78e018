import { checkPublicUrl, shownUrl, type ProbeTarget } from './check-public-url.ts'
import { green, red, type Finding } from './finding.ts'
import type { OwnerLink } from './owner-link.ts'

/**
 * Probes each public URL. One that looks local taints the gateway, so that the kernel's word no longer makes a
 * client local; when every probe is clean, a taint is taken away.
 */
export async function probePublicUrls(
  urls: readonly string[],
  target: ProbeTarget,
  link: OwnerLink | null,
): Promise<Finding[]> {
  const results = []
  for (const url of urls) results.push({ url, ...(await checkPublicUrl(url, target)) })
  const findings = results.map(({ finding }) => finding)
  const local = results.find(({ outcome }) => outcome === 'local')
  if (local !== undefined) {
    const why = `latchkey doctor: its probe of ${shownUrl(local.url)} came in looking local`.slice(0, 512)
    return [...findings, tainted(await link?.ask('locality.taint.set', { why }))]
  }
  if (results.length > 0 && results.every(({ outcome }) => outcome === 'clean')) {
    const answer = await link?.ask('locality.taint.clear', {})
    if (answer !== undefined) findings.push(green('taint', 'clear: every probe came in as from elsewhere'))
  }
  return findings
}

function tainted(answer: unknown): Finding {
  const advice = 'Correct the proxy, then run the doctor again: a clean probe takes the taint away.'
  if (answer === undefined)
    return red('taint', 'it could not be set: the gateway still takes such clients for local', `Stop the gateway. ${advice}`)
  return red('taint', "set: until it is taken away, only the local secret or a private listener makes a client local", advice)
} // prettier-ignore
