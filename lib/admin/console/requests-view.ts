import { element } from './element.ts'
import { ignoredList } from './ignored-list.ts'
import { keyedList } from './keyed-list.ts'
import { nameElement } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { OwnerState } from './owner-model.ts'
import type { PendingRequest, Resolved } from './records.ts'
import { requestCard, type RequestCard } from './request-card.ts'
import type { View } from './view.ts'

/** More are shown when these are decided: somebody may knock a thousand times. */
const SHOWN = 50

/** Those who wait, oldest first, live. */
export function requestsView(
  actions: OwnerActions,
  decisionOn: (requestId: string) => Resolved['decision'] | undefined,
): View {
  const list = element('ul', { class: 'cards' })
  const empty = element(
    'div',
    { class: 'empty' },
    element('p', { class: 'empty-title' }, 'Nobody is waiting'),
    element('p', {}, 'A device that is not on this machine shows up here as soon as it knocks.'),
  )
  const more = element('p', { class: 'note' })
  const ignored = ignoredList(actions)
  const cards = new Set<RequestCard>()
  const seen = new Map<string, PendingRequest>()
  /** A request that takes another's place keeps its place in the list, too. */
  const since = new Map<string, number>()
  const sinceMs = ({ deviceId, ts }: PendingRequest): number => since.get(deviceId) ?? ts
  let isFirst = true

  const sync = keyedList<PendingRequest>(
    list,
    ({ deviceId }) => deviceId,
    (request) => {
      const holder = actions.state().paired.find(({ deviceId }) => deviceId === request.deviceId)
      const card = requestCard(request, seen.get(request.deviceId), holder, actions)
      cards.add(card)
      return card
    },
  )

  /** Whoever decides elsewhere: this page says what became of a card that goes. */
  function tellOfOthers(gone: PendingRequest): void {
    const decision = decisionOn(gone.requestId)
    if (decision === undefined) return
    const name = nameElement(gone.displayName).textContent
    actions.announcer.say(
      decision === 'expired'
        ? `The request of ${name} has expired.`
        : `The request of ${name} was ${decision}.`,
    )
  }

  function announce(request: PendingRequest): void {
    if (isFirst) return
    const text = `${nameElement(request.displayName).textContent} asks to be let in.`
    if (list.isConnected) actions.announcer.readOut(text)
    else actions.announcer.say(text)
  }

  return {
    path: 'requests',
    title: 'Requests',
    element: element(
      'section',
      {},
      element('h1', {}, 'Requests'),
      element('p', { class: 'lead' }, 'Devices that could not be let in silently wait here for you.'),
      list,
      empty,
      more,
      ignored.element,
    ),
    badge: ({ pending }) => pending.length,
    update(state: OwnerState) {
      for (const request of state.pending) {
        if (seen.has(request.deviceId)) continue
        since.set(request.deviceId, request.ts)
        announce(request)
      }
      const pending = [...state.pending].sort((a, b) => sinceMs(a) - sinceMs(b))
      sync(pending.slice(0, SHOWN))
      for (const [deviceId, request] of seen) {
        if (pending.some((other) => other.deviceId === deviceId)) continue
        tellOfOthers(request)
        seen.delete(deviceId)
        since.delete(deviceId)
      }
      for (const request of pending) seen.set(request.deviceId, request)
      for (const card of cards) if (!card.element.isConnected) cards.delete(card)
      isFirst = false
      empty.hidden = pending.length > 0
      more.hidden = pending.length <= SHOWN
      more.textContent = `${pending.length - SHOWN} more are waiting. They are shown as you decide on these.`
      ignored.update(state.ignored)
    },
    tick() {
      for (const card of cards) card.tick()
    },
  }
}
