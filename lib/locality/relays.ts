/**
 * Programs that pass other people's connections on (rule 9). Best effort, and only ever takes locality away:
 * a renamed binary is found by what it holds open, not by this list.
 */
// prettier-ignore
const RELAY_PROGRAMS: ReadonlySet<string> = new Set([
  'sshd', 'ssh', 'dropbear', 'nginx', 'haproxy', 'caddy', 'apache2', 'httpd', 'traefik', 'envoy', 'varnishd',
  'squid', 'cloudflared', 'ngrok', 'frpc', 'frps', 'tailscaled', 'socat', 'stunnel', 'stunnel4', 'kubectl',
  'docker-proxy', 'rootlessport', 'slirp4netns', 'pasta', 'code-tunnel',
])

/** True for `nginx`, and for `caddy_linux_amd64`, `sshd-session`, `pasta.avx2` too. Expects a bare name. */
export function isRelayProgram(name: string): boolean {
  const folded = name.toLowerCase()
  if (RELAY_PROGRAMS.has(folded)) return true
  for (let end = folded.length - 1; end > 0; end -= 1) {
    const boundary = folded[end]
    if (
      (boundary === '-' || boundary === '_' || boundary === '.') &&
      RELAY_PROGRAMS.has(folded.slice(0, end))
    ) {
      return true
    }
  }
  return false
}
