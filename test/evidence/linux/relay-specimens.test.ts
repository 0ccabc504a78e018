import { copyFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { PeerEvidence } from '../../../lib/locality/verdict.ts'
import { FAR_ADDRESS, NEAR_ADDRESS, NOBODY, twoHosts, type Probe, type TwoHosts } from './two-hosts.ts'

type Specimen = {
  readonly title: string
  /** `{port}`, `{gateway}` and the names of `twoHosts` are filled in. */
  readonly command: string
  /** Who sends a request through it; without one it makes its own, with its port as the label. */
  readonly feed?: 'far' | 'loopback' | 'to far'
  /** Left out: everybody. */
  readonly only?: 'root' | 'ordinary user'
  readonly status: PeerEvidence['status']
  readonly sign?: RegExp
}

const python = '/usr/bin/python3 {files}/specimen.py'
const node = '{node} {files}/specimen.mjs'
const disguised = '{folder}/helper'

// prettier-ignore
const relays: Specimen[] = [
  { title: 'socat', command: 'socat TCP-LISTEN:{port} TCP:127.0.0.1:{gateway}', feed: 'far', status: 'relay', sign: /^is the relay socat$/ },
  { title: 'renamed socat that has closed its listener', command: `${disguised} TCP-LISTEN:{port} TCP:127.0.0.1:{gateway}`, feed: 'far', status: 'relay', sign: /accepted a connection from 10\.77\.0\.2/ },
  { title: 'the same, fed by a proxy on this machine', command: `${disguised} TCP-LISTEN:{port} TCP:127.0.0.1:{gateway}`, feed: 'loopback', status: 'relay', sign: /may have accepted a connection from 127\.0\.0\.1/ },
  { title: 'renamed socat that forks', command: `${disguised} TCP-LISTEN:{port},fork TCP:127.0.0.1:{gateway}`, feed: 'far', status: 'relay', sign: /accepted/ },
  { title: 'renamed socat that forks, fed on loopback', command: `${disguised} TCP-LISTEN:{port},fork TCP:127.0.0.1:{gateway}`, feed: 'loopback', status: 'relay', sign: /accepted/ },
  { title: 'renamed socat with a program per client', command: `${disguised} TCP-LISTEN:{port},fork EXEC:"${disguised} - TCP\\:127.0.0.1\\:{gateway}"`, feed: 'far', status: 'relay', sign: /^parent helper \(pid \d+\) accepted a connection from 10\.77\.0\.2/ },
  { title: 'the same through pipes', command: `${disguised} TCP-LISTEN:{port},fork EXEC:"${disguised} - TCP\\:127.0.0.1\\:{gateway}",pipes`, feed: 'far', status: 'relay', sign: /^parent helper/ },
  { title: 'the same through a shell', command: `${disguised} TCP-LISTEN:{port},fork SYSTEM:"${disguised} - TCP\\:127.0.0.1\\:{gateway}; true"`, feed: 'far', status: 'relay', sign: /^ancestor helper/ },
  { title: 'the same, fed on loopback', command: `${disguised} TCP-LISTEN:{port},fork EXEC:"${disguised} - TCP\\:127.0.0.1\\:{gateway}"`, feed: 'loopback', status: 'relay', sign: /^ancestor helper \(pid \d+\) listens on 0\.0\.0\.0/ },
  { title: 'a program per client that is handed the client itself', command: `${disguised} TCP-LISTEN:{port},fork EXEC:"${disguised} - TCP\\:127.0.0.1\\:{gateway}",nofork`, feed: 'far', status: 'relay', sign: /accepted/ },
  { title: 'Python relay', command: `${python} listen {gateway} {port}`, feed: 'far', status: 'relay', sign: /listens on 0\.0\.0\.0/ },
  { title: 'Python relay on loopback', command: `${python} listen-loopback {gateway} {port}`, feed: 'loopback', status: 'relay', sign: /listens on 127\.0\.0\.1/ },
  { title: 'multipath relay', command: `${python} listen-mptcp {gateway} {port}`, feed: 'far', status: 'relay' },
  { title: 'Python relay that has closed its listener', command: `${python} listen-once {gateway} {port}`, feed: 'far', status: 'relay', sign: /accepted a connection from 10\.77\.0\.2/ },
  { title: 'relay from a Unix socket', command: `${python} unix {gateway} {port}`, status: 'relay', sign: /listens on the Unix socket @specimen/ },
  { title: 'relay from a Unix socket that has closed its listener', command: `${python} unix-once {gateway} {port}`, status: 'relay', sign: /has a connection of the Unix socket @specimen/ },
  { title: 'relay that is handed its client by another process', command: `${python} pass-client {gateway} {port}`, feed: 'far', status: 'relay', sign: /accepted a connection from 10\.77\.0\.2/ },
  { title: 'relay that shares its connection with a spotless process', command: `${python} pass-upstream {gateway} {port}`, feed: 'loopback', status: 'relay', sign: /^(listens|accepted)/ },
  { title: 'relay in a thread with descriptors of its own', command: `${python} unshared-thread {gateway} {port}`, feed: 'far', status: 'relay', sign: /listens|accepted/ },
  { title: 'relay whose other thread shows nothing', command: `${python} unshared-after-connect {gateway} {port}`, feed: 'far', status: 'relay', sign: /listens|accepted/ },
  { title: 'Node relay', command: `${node} listen {gateway} {port}`, feed: 'far', status: 'relay', sign: /listens on \[::\]/ },
  { title: 'Node relay that has closed its listener', command: `${node} listen-once {gateway} {port}`, feed: 'far', status: 'relay', sign: /accepted/ },
  { title: 'Node proxy behind a proxy', command: `${node} http-proxy {gateway} {port}`, feed: 'loopback', status: 'relay', sign: /listens/ },
  { title: 'worker of a Node cluster', command: `${node} cluster {gateway} {port}`, feed: 'far', status: 'relay', sign: /accepted a connection from 10\.77\.0\.2/ },
  { title: 'another listener on the port of the gateway', command: `${node} sibling {gateway} {port}`, status: 'relay', sign: /listens on 127\.0\.0\.1/ },
  { title: 'taker of datagrams from anywhere', command: `${python} udp {gateway} {port}`, status: 'relay', sign: /takes datagrams on 0\.0\.0\.0/ },
  { title: 'tool on the mDNS port that is no browser', command: `${python} mdns {gateway} {port}`, status: 'relay', sign: /takes datagrams/ },
  { title: 'holder of a tunnel device', command: `${python} tun {gateway} {port}`, only: 'root', status: 'relay', sign: /holds \/dev\/net\/tun/ },
  { title: 'holder of a packet socket', command: `${python} packet {gateway} {port}`, only: 'root', status: 'relay', sign: /packet socket/ },
  { title: 'holder of a raw socket', command: `${python} raw {gateway} {port}`, only: 'root', status: 'relay', sign: /raw socket/ },
  { title: 'holder of a socket without an address', command: `${python} unbound {gateway} {port}`, status: 'relay', sign: /unknown kind/ },
  { title: 'holder of a socket of another family', command: `${python} other-family {gateway} {port}`, status: 'relay', sign: /unknown kind/ },
  { title: 'relay that listens in another namespace', command: `${python} elsewhere-and-back {gateway} {port} {far} {near}`, feed: 'to far', only: 'root', status: 'relay', sign: /unknown kind/ },
  { title: 'child of a listener in another namespace', command: `${python} parent-elsewhere {gateway} {port} {far}`, only: 'root', status: 'relay', sign: /^parent python3.* listens on 0\.0\.0\.0/ },
  { title: 'child of a listener', command: `${python} parent-listens {gateway} {port}`, status: 'relay', sign: /^parent python3.* listens/ },
  { title: 'grandchild of a listener', command: `${python} grandparent-listens {gateway} {port}`, status: 'relay', sign: /^ancestor python3.* listens/ },
  { title: 'child of a process that has accepted somebody', command: `${python} parent-accepted {gateway} {port}`, feed: 'far', status: 'relay', sign: /^parent python3.* accepted/ },
  { title: 'io_uring with registered files', command: `${python} ring-with-files {gateway} {port}`, status: 'relay', sign: /io_uring/ },
  { title: 'process called sshd-session', command: `${python} called-sshd-session {gateway} {port}`, status: 'relay', sign: /is the relay sshd-session/ },
  { title: 'program file called frpc', command: '{folder}/frpc {files}/specimen.py plain {gateway} {port}', status: 'relay', sign: /is the relay frpc/ },
  { title: 'tool with a connection to another machine', command: `${python} outbound {gateway} {port} ${FAR_ADDRESS}`, status: 'outbound', sign: /is connected to 10\.77\.0\.2:7000/ },
  { title: 'tool with datagrams to another machine', command: `${python} outbound-udp {gateway} {port} ${FAR_ADDRESS}`, status: 'outbound', sign: /is connected to 10\.77\.0\.2:53/ },
  { title: 'tool whose local connection is translated away', command: `${python} translated {gateway} {port}`, status: 'outbound', sign: /leads elsewhere/ },
  { title: 'process that has become another user', command: `${python} other-user {gateway} {port}`, only: 'root', status: 'other-user' },
  { title: 'process with a thread of another user', command: `${python} thread-of-other-user {gateway} {port}`, only: 'root', status: 'other-user' },
  { title: 'process that nobody may look into', command: `${python} closed-book {gateway} {port}`, only: 'ordinary user', status: 'unproven', sign: /no process that can be seen/ },
  { title: 'client on another machine, translated to loopback', command: 'true', feed: 'far', status: 'unproven', sign: /not in this network namespace/ },
]

// prettier-ignore
const tools: Specimen[] = [
  { title: 'curl', command: 'curl -s --http1.1 http://127.0.0.1:{gateway}/{port} http://127.0.0.1:{gateway}/', status: 'same-user' },
  { title: 'Python', command: `${python} plain {gateway} {port}`, status: 'same-user' },
  { title: 'Node', command: `${node} fetch {gateway} {port}`, status: 'same-user' },
  { title: 'a shell', command: 'bash -c \'exec 3<>/dev/tcp/127.0.0.1/{gateway}; printf "GET /{port} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" >&3; sleep 30\'', status: 'same-user' },
  { title: 'a tool with datagrams on loopback', command: `${python} udp-loopback {gateway} {port}`, status: 'same-user' },
  { title: 'a tool that talks to the kernel', command: `${python} netlink {gateway} {port}`, status: 'same-user' },
  { title: 'a tool with an io_uring that hides nothing', command: `${python} ring {gateway} {port}`, status: 'same-user' },
  { title: 'a child of a server on loopback', command: `${python} parent-on-loopback {gateway} {port}`, status: 'same-user' },
  { title: 'a descendant of a listener, but not its child, in another session', command: `${python} detached-from-listener {gateway} {port}`, status: 'same-user' },
  { title: 'a browser with its connections', command: `${python} called-chrome {gateway} {port} ${FAR_ADDRESS}`, status: 'same-user' },
]

// Namespaces and other users need root; without it these are listed as skipped.
const onlyRoot = process.geteuid?.() === 0 ? describe : describe.skip

onlyRoot.each([
  { user: 'root', uid: 0 },
  { user: 'one ordinary user', uid: NOBODY },
])('all as $user', ({ uid }) => {
  let hosts: TwoHosts
  let probe: Probe
  let nextPort = 8000
  const children: ChildProcess[] = []

  beforeAll(async () => {
    hosts = twoHosts()
    copyFileSync('/usr/bin/socat', `${hosts.folder}/helper`)
    copyFileSync('/usr/bin/python3', `${hosts.folder}/frpc`)
    hosts.nft(`table ip lab {
      chain out { type nat hook output priority -100; tcp dport 7001 dnat to ${FAR_ADDRESS}:7000; }
      chain post { type nat hook postrouting priority 100; oifname cable masquerade; }
    }`)
    hosts.run('far', 0, ['socat', 'TCP-LISTEN:7000,fork,reuseaddr', 'EXEC:cat'])
    probe = await hosts.probe(uid)
    hosts.nft(`table ip translation {
      chain before { type nat hook prerouting priority -100; tcp dport 9000 dnat to 127.0.0.1:${probe.port}; }
      chain input { type nat hook input priority 100; ip saddr ${FAR_ADDRESS} tcp dport ${probe.port} snat to 127.0.0.1; }
    }`)
  })
  afterEach(() => children.splice(0).forEach((child) => hosts.stop(child)))
  afterAll(() => hosts.close())

  async function evidenceOf({ command, feed }: Specimen) {
    const port = nextPort++
    const filled = command
      .replaceAll('{port}', String(port))
      .replaceAll('{gateway}', String(probe.port))
      .replaceAll('{folder}', hosts.folder)
      .replaceAll('{files}', `${hosts.folder}/test/evidence/linux/specimens`)
      .replaceAll('{node}', hosts.node)
      .replaceAll('{near}', hosts.near)
      .replaceAll('{far}', hosts.far)
    children.push(hosts.run('near', uid, ['bash', '-c', `exec ${filled}`]))
    const label = String(port)
    if (feed === 'far')
      children.push(hosts.feed('far', 0, NEAR_ADDRESS, command === 'true' ? 9000 : port, label))
    if (feed === 'to far') children.push(hosts.feed('near', uid, FAR_ADDRESS, port, label))
    if (feed === 'loopback') children.push(hosts.feed('near', uid, '127.0.0.1', port, label))
    return probe.evidenceOf(label)
  }

  const canRun = ({ only }: Specimen): boolean => only === undefined || (only === 'root') === (uid === 0)

  it.each(relays.filter(canRun))('refuses: $title', async (specimen) => {
    const evidence = await evidenceOf(specimen)
    for (const answer of [evidence, evidence.netlink]) {
      expect(answer).toMatchObject({ status: specimen.status })
      if (specimen.sign !== undefined) expect(answer.sign).toMatch(specimen.sign)
    }
  })

  it('refuses everybody where strangers have no number', async () => {
    const strange = await hosts.probe(uid, 'unshare --user')
    children.push(hosts.feed('near', 1234, '127.0.0.1', strange.port, 'stranger'))
    const refusal = { status: 'unproven', sign: 'a user without a number here' }
    expect(await strange.evidenceOf('stranger')).toMatchObject({ ...refusal, netlink: refusal })
  })

  it.each(tools.filter(canRun))('lets pass: $title', async (specimen) => {
    const pass = { status: 'same-user', uid }
    expect(await evidenceOf(specimen)).toMatchObject({ ...pass, netlink: pass })
  })
})
