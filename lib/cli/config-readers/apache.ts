import { apacheProblems, type ApacheScope } from './apache-problems.ts'
import type { ApacheDirective } from './apache-syntax.ts'
import { isOurs, type Ours, type ProxySite } from './proxy-site.ts'

type Pass = {
  readonly directive: ApacheDirective
  readonly url: string
  readonly path: string
  readonly flags: string
}

/** Sections that set what holds inside them alone; `<IfModule>` and its like hold around them too. */
const TRANSPARENT = /^(?:ifmodule|ifdefine|ifversion|if|elseif|else|macro)$/
const PLACES = /^(?:virtualhost|location|locationmatch|directory|directorymatch|files|proxy|proxymatch)$/
const TOP: ApacheScope = {
  preserveHost: false,
  addHeaders: true,
  addHeadersAt: null,
  headers: [],
  passesUpgrade: false,
}

/** The places where Apache passes requests on to the gateway, and what is wrong with each. */
export function readApache(tree: readonly ApacheDirective[], ours: Ours): ProxySite[] {
  const balancers = balancersOf(tree)
  const sites: ProxySite[] = []
  function walk(block: readonly ApacheDirective[], outer: ApacheScope, location: string): void {
    const flat = flattened(block)
    const scope = scopeOf(flat, outer)
    const passes = flat
      .map((directive) => passOf(directive, location))
      .filter((pass) => pass !== null)
      .map((pass) => ({ pass, target: targetOf(pass.url, balancers, ours) }))
      .filter(({ target }) => target !== null)
    const passesUpgrade = scope.passesUpgrade || passes.some(({ pass }) => /^wss?:/i.test(pass.url))
    for (const { pass, target } of passes) {
      if (/^wss?:/i.test(pass.url) && passes.length > 1) continue
      const { file, line } = pass.directive
      const withUpgrade = passesUpgrade || /\bupgrade=(?:websocket|any|\*)/i.test(pass.flags)
      const problems = apacheProblems({ ...scope, passesUpgrade: withUpgrade }, { file, line }, target ?? '')
      sites.push({ file, line, target: target ?? '', problems })
    }
    for (const directive of flat) {
      if (directive.block === null || !PLACES.test(directive.name)) continue
      walk(
        directive.block,
        scope,
        directive.name.startsWith('location') ? (directive.args[0] ?? '') : location,
      )
    }
  }
  walk(tree, TOP, '')
  return sites
}

function flattened(block: readonly ApacheDirective[]): ApacheDirective[] {
  return block.flatMap((directive) =>
    TRANSPARENT.test(directive.name) ? flattened(directive.block ?? []) : [directive],
  )
}

function scopeOf(block: readonly ApacheDirective[], outer: ApacheScope): ApacheScope {
  const last = (name: string): ApacheDirective | undefined =>
    block.findLast((directive) => directive.name === name)
  const preserve = last('proxypreservehost')
  const add = last('proxyaddheaders')
  const isOff = (directive: ApacheDirective): boolean => directive.args[0]?.toLowerCase() === 'off'
  return {
    preserveHost: preserve === undefined ? outer.preserveHost : !isOff(preserve),
    addHeaders: add === undefined ? outer.addHeaders : !isOff(add),
    addHeadersAt: add ?? outer.addHeadersAt,
    headers: [...outer.headers, ...block.filter((directive) => directive.name === 'requestheader')],
    passesUpgrade: outer.passesUpgrade,
  }
}

/** `ProxyPass [path] url`, `ProxyPassMatch`, and `RewriteRule … [P]`. */
function passOf(directive: ApacheDirective, location: string): Pass | null {
  const { name, args } = directive
  if (name === 'proxypass' || name === 'proxypassmatch') {
    const at = args.findIndex((arg) => /^(?:https?|wss?|h2c?|balancer|unix):/i.test(arg))
    if (at === -1) return null
    const path = at === 0 ? location : (args[0] ?? '')
    return { directive, url: args[at] ?? '', path, flags: args.slice(at + 1).join(' ') }
  }
  if (name === 'rewriterule' && /^\[(?:.*,)?(?:P|proxy)(?:,.*)?\]$/i.test(args[2] ?? ''))
    return { directive, url: args[1] ?? '', path: args[0] ?? '', flags: '' }
  return null
}

function balancersOf(tree: readonly ApacheDirective[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>()
  for (const { name, args, block } of tree) {
    if (block === null) continue
    const balancer = name === 'proxy' ? /^balancer:\/\/([^/]+)/i.exec(args[0] ?? '')?.[1] : undefined
    if (balancer === undefined) {
      for (const entry of balancersOf(block)) found.set(...entry)
    } else {
      const members = flattened(block).filter((child) => child.name === 'balancermember')
      found.set(
        balancer.toLowerCase(),
        members.map((member) => member.args[0] ?? ''),
      )
    }
  }
  return found
}

/** The gateway's address as this URL reaches it; `null` when it goes elsewhere. */
function targetOf(url: string, balancers: ReadonlyMap<string, readonly string[]>, ours: Ours): string | null {
  const socket = /^unix:([^|]+)/i.exec(url)?.[1]
  if (socket !== undefined) return ours.sockets.includes(socket) ? `unix:${socket}` : null
  const match = /^(\w+):\/\/([^/?]+)/.exec(url)
  const authority = match?.[2] ?? ''
  if (match?.[1]?.toLowerCase() !== 'balancer') return isOurs(ours, authority) ? authority : null
  for (const member of balancers.get(authority.toLowerCase()) ?? []) {
    const target = member.startsWith('balancer:') ? null : targetOf(member, balancers, ours)
    if (target !== null) return target
  }
  return null
}
