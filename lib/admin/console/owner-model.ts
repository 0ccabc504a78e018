import type { IgnoredDevice, Invite, PairedDevice, PendingRequest, Resolved, Taint } from './records.ts'

/** What the console knows of the gateway, as of its last answer. */
export type OwnerState = {
  readonly pending: readonly PendingRequest[]
  readonly paired: readonly PairedDevice[]
  readonly ignored: readonly IgnoredDevice[]
  readonly invites: readonly Invite[]
  readonly taint: Taint | null
  /** False until the first answer. */
  readonly isLoaded: boolean
}

export type OwnerModel = {
  readonly state: OwnerState
  /** Asks anew; calls while it is asking become one more. Never rejects. */
  refresh(): Promise<void>
  /** What became of a request, as far as it was told. */
  decisionOn: (requestId: string) => Resolved['decision'] | undefined
  noteResolved(resolved: Resolved): void
}

type Request = (method: string, params?: unknown) => Promise<unknown>

const EMPTY: OwnerState = { pending: [], paired: [], ignored: [], invites: [], taint: null, isLoaded: false }
const REMEMBERED = 500

/** @param onProblem told when an answer does not come */
export function ownerModel(
  request: Request,
  onChange: () => void,
  onProblem: (error: unknown) => void,
): OwnerModel {
  const decisions = new Map<string, Resolved['decision']>()
  let state = EMPTY
  let running: Promise<void> | null = null
  let isStale = false

  async function ask(): Promise<void> {
    do {
      isStale = false
      const [pairings, ignored, invites, taint] = await Promise.all([
        request('device.pair.list') as Promise<Pick<OwnerState, 'pending' | 'paired'>>,
        request('device.pair.ignored') as Promise<Pick<OwnerState, 'ignored'>>,
        request('device.invite.list') as Promise<Pick<OwnerState, 'invites'>>,
        request('locality.taint.get') as Promise<Pick<OwnerState, 'taint'>>,
      ])
      state = { ...pairings, ...ignored, ...invites, ...taint, isLoaded: true }
      onChange()
    } while (isStale as boolean)
  }

  return {
    get state() {
      return state
    },
    refresh() {
      isStale = true
      running ??= ask()
        .catch(onProblem)
        .finally(() => {
          running = null
        })
      return running
    },
    decisionOn: (requestId) => decisions.get(requestId),
    noteResolved({ requestId, decision }) {
      if (decisions.size >= REMEMBERED) decisions.clear()
      decisions.set(requestId, decision)
    },
  }
}
