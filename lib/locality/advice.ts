import type { LocalityReason } from './verdict.ts'

/** People silence a detector by breaking it, so every text about a proxy also says what not to do. */
const NEVER =
  'Do not strip forwarding headers and do not rewrite Host to localhost: both make the whole internet look local.'

const RIGHT_PROXY =
  'nginx: proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr; ' +
  'Caddy: reverse_proxy sets X-Forwarded-For by itself; HAProxy: option forwardfor; ' +
  'Apache: ProxyPreserveHost On, and leave ProxyAddHeaders on.'

const PROVE =
  "Latchkey's own client proves itself with the gateway's secret file; other local tools can use a private listener."

const ADVICE: Partial<Readonly<Record<LocalityReason, string>>> = {
  'peer-unknown':
    'The connection has no peer address: it came through a Unix socket that any proxy may use, or it was reset. Local tools should connect to the loopback port, or to a socket that Latchkey opened.',
  'headers-truncated':
    'The request has more header fields than the parser keeps, so some may be missing. Send fewer; on the server, use Node 22.23.2, 24.18.1, 26.5.1 or newer and do not lower server.maxHeadersCount.',
  'public-listener':
    'This listener is marked public, so nobody is local on it. Local tools should use the loopback listener.',
  'peer-not-loopback':
    'The client connected from another address than loopback. A tool on this machine should connect to 127.0.0.1 or [::1], or set ownAddresses: true. A client elsewhere needs the approval of the owner.',
  'host-missing': 'The request has no Host. Use a client that sends one.',
  'host-duplicate': 'The request has more than one Host. Use a client that sends exactly one.',
  'host-malformed': 'The Host is not a plain name or address with an optional port.',
  'host-not-local': `The Host is not a name of this machine. A local tool should call http://localhost, http://127.0.0.1 or http://[::1]; a further name of this machine goes into the option hosts. ${NEVER}`,
  'target-mismatch':
    'The request target names another host than Host does. Use a client that sends one of them.',
  'forwarding-untrusted': `A proxy that is not in trustProxy passed this request on. If it is yours, name it: trustProxy: ['loopback']. ${RIGHT_PROXY} ${NEVER}`,
  'forwarding-incomplete': `The proxy did not say for whom it speaks. ${RIGHT_PROXY} ${NEVER}`,
  'forwarding-malformed': `What the proxies say about the client cannot be read. Each must write plain IP addresses. ${RIGHT_PROXY} ${NEVER}`,
  'forwarding-conflict': `Forwarding headers contradict each other: some proxy passes on what the client sent. ${RIGHT_PROXY} ${NEVER}`,
  'forwarding-foreign': `There is a forwarding header that the trusted proxy does not write, so another proxy stands before it. Name the header that counts in forwardedBy, and let the outermost proxy replace the others. ${NEVER}`,
  'hop-untrusted':
    'The client, or a proxy on the way, is not one of the trusted proxies. A client elsewhere needs the approval of the owner.',
  'hop-not-loopback': 'The client is not on this machine. It needs the approval of the owner.',
  'forwarding-tampered': `Somebody tried to hide or to imitate a forwarding header. Refuse such requests at the proxy (nginx: underscores_in_headers off, its default). ${NEVER}`,
  'peer-unproven': `The operating system could not prove which process is at the other end (another container or namespace, no /proc, or the client has gone). ${PROVE}`,
  'peer-other-user': `The process at the other end belongs to another user. If its user is to count as this one, name its id in peerUsers. ${PROVE}`,
  'peer-relay': `The process at the other end passes on other people's connections (a proxy, a tunnel), or looks like it. Clients behind a proxy need the approval of the owner. ${PROVE} ${NEVER}`,
  'peer-outbound': `The process at the other end is connected to another machine, as a tunnel would be. ${PROVE} If no tunnel runs on this machine, outbound: 'allow' lifts this.`,
  'proxy-seen': `Forwarded requests came from that process, or through the public address of this gateway, so it speaks for others. ${PROVE} ${NEVER}`,
}

/** As a field to spread: absent when there is nothing to do. */
export function adviceFor(reason: LocalityReason): { readonly advice?: string } {
  const advice = ADVICE[reason]
  return advice === undefined ? {} : { advice }
}
