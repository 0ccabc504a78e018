import { procPeerLookup } from './linux/proc-peer-lookup.ts'
import { lsofPeerLookup } from './macos/lsof-peer-lookup.ts'
import type { PeerLookup } from './peer-lookup.ts'

let shared: PeerLookup | null = null

/** The look-up of this platform, one per process. Where there is none, every answer is `unproven`. */
export function platformPeerLookup(): PeerLookup {
  shared ??= lookupFor(process.platform)
  return shared
}

function lookupFor(platform: string): PeerLookup {
  if (platform === 'linux') return procPeerLookup()
  return platform === 'darwin' ? lsofPeerLookup() : unsupported(platform)
}

function unsupported(platform: string): PeerLookup {
  return {
    name: 'none',
    lookup: () => Promise.resolve({ status: 'unproven', sign: `cannot ask the kernel on ${platform}` }),
    close: () => Promise.resolve(),
  }
}
