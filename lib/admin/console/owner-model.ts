import { deviceNames, type DeviceNames } from './device-names.ts'
import type {
  DoctorRun,
  IgnoredDevice,
  Invite,
  PairedDevice,
  PendingRequest,
  Resolved,
  Taint,
} from './records.ts'
import { readPages, type Look } from './read-pages.ts'

/** What the console knows of the gateway, as of its last answer. */
export type OwnerState = {
  /** Those that are looked at, oldest first. */
  readonly pending: readonly PendingRequest[]
  /** All that wait. */
  readonly waiting: number
  readonly hasMorePending: boolean
  /** What those hold who wait, and have asked before. */
  readonly holders: readonly PairedDevice[]
  /** Those that are looked at, connected ones first, then those seen last. */
  readonly paired: readonly PairedDevice[]
  readonly hasMorePaired: boolean
  readonly ignored: readonly IgnoredDevice[]
  readonly invites: readonly Invite[]
  readonly taint: Taint | null
  /** `null`: the doctor has not been run. */
  readonly doctorRun: DoctorRun | null
  /** False until the first answer. */
  readonly isLoaded: boolean
}

export type OwnerModel = {
  readonly state: OwnerState
  /** What devices are called that were named so far. */
  readonly names: DeviceNames
  /** Asks anew; calls while it is asking become one more. Never rejects. */
  refresh(): Promise<void>
  /** From now on this part of a list is looked at. */
  look(list: 'requests' | 'devices', look: Look): Promise<void>
  /** What became of a request, as far as it was told. */
  decisionOn: (requestId: string) => Resolved['decision'] | undefined
  noteResolved(resolved: Resolved): void
}

type Request = (method: string, params?: unknown) => Promise<unknown>

const EMPTY: OwnerState = {
  pending: [],
  waiting: 0,
  hasMorePending: false,
  holders: [],
  paired: [],
  hasMorePaired: false,
  ignored: [],
  invites: [],
  taint: null,
  doctorRun: null,
  isLoaded: false,
}
const REMEMBERED = 500
/** Lines that a list begins with. */
const SHOWN = 50
/** Between two questions, so that a thousand events are no thousand questions. */
const PAUSE_MS = 300

/** @param onProblem told when an answer does not come */
export function ownerModel(
  request: Request,
  onChange: () => void,
  onProblem: (error: unknown) => void,
): OwnerModel {
  const decisions = new Map<string, Resolved['decision']>()
  const names = deviceNames(request)
  const looks = { requests: { search: '', shown: SHOWN }, devices: { search: '', shown: SHOWN } }
  let state = EMPTY
  let running: Promise<void> | null = null
  let isStale = false

  async function ask(): Promise<void> {
    for (;;) {
      isStale = false
      const [requests, devices, ignored, invites, taint, doctor] = await Promise.all([
        readPages(request, 'device.pair.requests', looks.requests),
        readPages(request, 'device.pair.devices', looks.devices),
        request('device.pair.ignored') as Promise<Pick<OwnerState, 'ignored'>>,
        request('device.invite.list') as Promise<Pick<OwnerState, 'invites'>>,
        request('locality.taint.get') as Promise<Pick<OwnerState, 'taint'>>,
        request('doctor.findings.get') as Promise<{ readonly run: DoctorRun | null }>,
      ])
      const next = {
        pending: requests.pending,
        waiting: requests.total,
        hasMorePending: requests.hasMore,
        holders: requests.paired,
        paired: devices.paired,
        hasMorePaired: devices.hasMore,
        ...ignored,
        ...invites,
        ...taint,
        doctorRun: doctor.run,
        isLoaded: true,
      }
      await names.learn(actorsIn(next))
      state = next
      onChange()
      if (!(isStale as boolean)) return
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  function refresh(): Promise<void> {
    isStale = true
    running ??= ask()
      .catch(onProblem)
      .finally(() => {
        running = null
      })
    return running
  }

  return {
    get state() {
      return state
    },
    names,
    refresh,
    look(list, look) {
      looks[list] = look
      return refresh()
    },
    decisionOn: (requestId) => decisions.get(requestId),
    noteResolved({ requestId, decision }) {
      if (decisions.size >= REMEMBERED) decisions.clear()
      decisions.set(requestId, decision)
    },
  }
}

/** Everybody who is named by what they did. */
function actorsIn({ pending, holders, paired, invites }: OwnerState): string[] {
  const approvers = [...holders, ...paired].flatMap(({ grants }) =>
    grants.map(({ approvedBy }) => approvedBy),
  )
  const makers = invites.flatMap(({ createdBy, usedBy }) => [createdBy, usedBy])
  return [...approvers, ...makers, ...pending.map(({ approvedBy }) => approvedBy)].filter(
    (actor) => typeof actor === 'string',
  )
}
