import { LatchkeyError } from '../../client/browser/index.ts'
import { announcer } from './announcer.ts'
import { auditView } from './audit-view.ts'
import { devicesView } from './devices-view.ts'
import { doctorView } from './doctor-view.ts'
import { gateView } from './gate-view.ts'
import { invitesView } from './invites-view.ts'
import { nameElement } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import { ownerConnection, type Standing } from './owner-connection.ts'
import { ownerModel } from './owner-model.ts'
import { problemText } from './problem-text.ts'
import type { PendingRequest, Resolved } from './records.ts'
import { requestsView } from './requests-view.ts'
import { ownerShell } from './owner-shell.ts'

const INVITE_REFUSED =
  'The invitation in this link was used already, or is too old. Ask for a new one, or wait for the owner.'

/** The whole page: what stands before the door, and the console behind it. */
export function ownerConsole(
  root: HTMLElement,
  page: URL,
  invite: string | null,
): { useInvite(token: string): void } {
  let notice: string | null = null
  let isIn = false
  let methods: ReadonlySet<string> = new Set()
  const toasts = announcer()
  const connection = ownerConnection(page, invite, { onStanding, onEvent, onInviteRefused })
  const model = ownerModel(connection.request, onChange, (error) => {
    // That the gateway does not answer is said above everything.
    const isAway = error instanceof LatchkeyError && ['CLOSED', 'TIMEOUT'].includes(error.code)
    if (!isAway) toasts.say(problemText(error), 'bad')
  })
  const actions: OwnerActions = {
    request: connection.request,
    refresh: () => model.refresh(),
    look: (list, look) => model.look(list, look),
    learnNames: (deviceIds) => model.names.learn(deviceIds),
    deviceName: (deviceId) => model.names.of(deviceId),
    announcer: toasts,
    deviceId: connection.deviceId,
    nowMs: () => Date.now() + connection.clockOffsetMs(),
    state: () => model.state,
    methods: () => methods,
    nameOf,
  }
  const requests = requestsView(actions, model.decisionOn)
  const shell = ownerShell(
    [requests, devicesView(actions), invitesView(actions, page), doctorView(actions), auditView(actions)],
    actions,
  )
  function onStanding(standing: Standing): void {
    if (standing.kind === 'connected') {
      // Nothing stands before the door on which it could be read.
      if (notice !== null) toasts.say(notice, 'bad')
      notice = null
      isIn = true
      methods = standing.methods
      shell.setLost(false)
      void model.refresh()
      return
    }
    if (standing.kind === 'lost' && isIn) {
      shell.setLost(true)
      return
    }
    // On the way back in, what was there stays in sight.
    if (standing.kind === 'connecting' && isIn) return
    isIn = false
    const shown = standing.kind === 'lost' ? ({ kind: 'unreachable' } as const) : standing
    const gate = gateView(shown, connection, notice)
    root.replaceChildren(gate, toasts.element)
    document.title = 'Latchkey'
  }

  function onChange(): void {
    if (!isIn) return
    shell.update(model.state)
    if (!shell.element.isConnected) root.replaceChildren(shell.element, toasts.element)
  }

  function onEvent(event: string, payload: unknown): void {
    if (event === 'device.pair.resolved') model.noteResolved(payload as Resolved)
    if (event === 'device.pair.requested') requests.noteRequested(payload as PendingRequest)
    const { what } = (payload ?? {}) as { readonly what?: unknown }
    if (event === 'device.pair.removed' || what === 'name') model.names.forget()
    if (/^(device|locality)\./.test(event)) void model.refresh()
  }

  function onInviteRefused(): void {
    notice = INVITE_REFUSED
  }

  function nameOf(actor: string | undefined): string {
    if (actor === undefined) return 'nobody'
    if (actor === connection.deviceId()) return 'you'
    if (actor === 'host') return 'the program itself'
    if (actor === 'policy') return "the app's rule"
    if (actor === 'shared-secret') return 'a client with the shared secret'
    const name = model.names.of(actor)
    return name === undefined ? 'a device that was removed' : nameElement(name ?? undefined).textContent
  }

  setInterval(() => {
    if (isIn) shell.tick()
  }, 1000)
  // A page that slept may have slept through what it was told.
  document.addEventListener('visibilitychange', () => {
    if (isIn && document.visibilityState === 'visible') void model.refresh()
  })
  return {
    useInvite(token) {
      if (isIn) toasts.say('This console is let in already; the invitation is as good as before.')
      else connection.useInvite(token)
    },
  }
}
