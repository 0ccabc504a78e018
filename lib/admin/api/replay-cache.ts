import { createHash } from 'node:crypto'

/** A generation is forgotten after two of these: later than the oldest proof in it is accepted. */
const GENERATION_MS = 240_000
const MAX_PER_DEVICE = 10_000
const MAX_TOTAL = 100_000

type Generation = { readonly ids: Set<string>; readonly byDevice: Map<string, number> }

/** The proofs that were used here. What other gateways of the same store have seen is asked with the token. */
export type ReplayCache = {
  /** Takes a proof, unless it was taken before, or there is no room: then it must not be accepted either. */
  claim(deviceId: string, id: string): 'fresh' | 'replayed' | 'full'
  /** Gives back the room of one that came with credentials which are not good. */
  release(deviceId: string, id: string): void
}

/** @param nowMs a clock that never runs backwards */
export function replayCache(nowMs: () => number = () => performance.now()): ReplayCache {
  let current = emptyGeneration()
  let previous = emptyGeneration()
  let startedAtMs = nowMs()

  function turn(): void {
    const now = nowMs()
    if (now - startedAtMs < GENERATION_MS) return
    previous = now - startedAtMs < 2 * GENERATION_MS ? current : emptyGeneration()
    current = emptyGeneration()
    startedAtMs = now
  }

  return {
    claim(deviceId, id) {
      turn()
      const key = keyOf(deviceId, id)
      if (current.ids.has(key) || previous.ids.has(key)) return 'replayed'
      const ofDevice = current.byDevice.get(deviceId) ?? 0
      const held = ofDevice + (previous.byDevice.get(deviceId) ?? 0)
      if (held >= MAX_PER_DEVICE || current.ids.size + previous.ids.size >= MAX_TOTAL) return 'full'
      current.ids.add(key)
      current.byDevice.set(deviceId, ofDevice + 1)
      return 'fresh'
    },
    release(deviceId, id) {
      if (!current.ids.delete(keyOf(deviceId, id))) return
      const left = (current.byDevice.get(deviceId) ?? 1) - 1
      if (left === 0) current.byDevice.delete(deviceId)
      else current.byDevice.set(deviceId, left)
    },
  }
}

function emptyGeneration(): Generation {
  return { ids: new Set(), byDevice: new Map() }
}

/** Of one length, whatever the client made up. */
function keyOf(deviceId: string, id: string): string {
  return createHash('sha256').update(`${deviceId} ${id}`, 'utf8').digest('base64url')
}
