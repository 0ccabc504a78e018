import { procPeerLookup } from './linux/proc-peer-lookup.ts'
import type { PeerLookup } from './peer-lookup.ts'

let shared: PeerLookup | null = null

/** The look-up of this platform, one per process. Where there is none, every answer is `unproven`. */
export function platformPeerLookup(): PeerLookup {
  shared ??= process.platform === 'linux' ? procPeerLookup() : unsupported(process.platform)
  return shared
}

function unsupported(platform: string): PeerLookup {
  return {
    name: 'none',
    lookup: () => Promise.resolve({ status: 'unproven', sign: `cannot ask the kernel on ${platform}` }),
    close: () => Promise.resolve(),
  }
}
