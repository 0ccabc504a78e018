import { element } from './element.ts'
import { ignoredList } from './ignored-list.ts'
import { keyedList } from './keyed-list.ts'
import { nameElement } from './names-in-text.ts'
import { listSearch } from './list-search.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { OwnerState } from './owner-model.ts'
import type { PendingRequest, Resolved } from './records.ts'
import { requestCard, type RequestCard } from './request-card.ts'
import type { View } from './view.ts'

/** Fewer are found without a search. */
const SEARCHED_FROM = 8
/** Requests that are remembered, so that it can be said how they have changed. */
const REMEMBERED = 500

/** Those who wait, oldest first, live. */
export function requestsView(
  actions: OwnerActions,
  decisionOn: (requestId: string) => Resolved['decision'] | undefined,
): View & { noteRequested(request: PendingRequest): void } {
  const list = element('ul', { class: 'cards' })
  const empty = element(
    'div',
    { class: 'empty' },
    element('p', { class: 'empty-title' }, 'Nobody is waiting'),
    element('p', {}, 'A device that is not on this machine shows up here as soon as it knocks.'),
  )
  const search = listSearch(
    'Search',
    'A part of the name, the first digits of the key, or an address.',
    (look) => actions.look('requests', look),
  )
  const ignored = ignoredList(actions)
  const cards = new Set<RequestCard>()
  const seen = new Map<string, PendingRequest>()
  /** A request that takes another's place keeps its place in the list, too. */
  const since = new Map<string, number>()
  const sinceMs = ({ deviceId, ts }: PendingRequest): number => since.get(deviceId) ?? ts
  /** What this page decides on, whose card says itself what became of it. */
  const ours = new Set<string>()
  let shown: readonly PendingRequest[] = []

  const sync = keyedList<PendingRequest>(
    list,
    ({ deviceId }) => deviceId,
    (request) => {
      const holder = actions.state().holders.find(({ deviceId }) => deviceId === request.deviceId)
      const card = requestCard(request, seen.get(request.deviceId), holder, actions, ours)
      cards.add(card)
      return card
    },
  )

  /** Whoever decides elsewhere: this page says what became of a card that goes. */
  function tellOfOthers(gone: PendingRequest): void {
    const decision = decisionOn(gone.requestId)
    if (decision === undefined || ours.delete(gone.requestId)) return
    const name = nameElement(gone.displayName).textContent
    actions.announcer.say(
      decision === 'expired'
        ? `The request of ${name} has expired.`
        : `The request of ${name} was ${decision}.`,
    )
  }

  /** Decided, or only out of sight: then it is remembered how it was. */
  function forget(request: PendingRequest): void {
    tellOfOthers(request)
    if (decisionOn(request.requestId) === undefined && seen.size < REMEMBERED) return
    seen.delete(request.deviceId)
    since.delete(request.deviceId)
  }

  /** One that asks for more keeps its place, and says itself what it adds. */
  function noteRequested(request: PendingRequest): void {
    if (shown.some(({ deviceId }) => deviceId === request.deviceId)) return
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
      search.field,
      list,
      search.more,
      empty,
      ignored.element,
    ),
    noteRequested,
    badge: ({ waiting }) => waiting,
    update(state: OwnerState) {
      for (const { deviceId, ts } of state.pending) if (!since.has(deviceId)) since.set(deviceId, ts)
      const pending = [...state.pending].sort((a, b) => sinceMs(a) - sinceMs(b))
      sync(pending)
      const stays = new Set(pending.map(({ deviceId }) => deviceId))
      for (const request of shown) if (!stays.has(request.deviceId)) forget(request)
      shown = pending
      for (const request of pending) seen.set(request.deviceId, request)
      for (const card of cards) if (!card.element.isConnected) cards.delete(card)
      empty.hidden = state.waiting > 0 || search.search !== ''
      search.update({
        hasMore: state.hasMorePending,
        shown: pending.length,
        isWorthIt: state.hasMorePending || pending.length >= SEARCHED_FROM,
      })
      ignored.update(state.ignored)
    },
    tick() {
      for (const card of cards) card.tick()
    },
  }
}
