import { deviceCard } from './device-card.ts'
import { element } from './element.ts'
import { keyedList } from './keyed-list.ts'
import { listSearch } from './list-search.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { PairedDevice } from './records.ts'
import { undoSilentForm } from './undo-silent-form.ts'
import type { View } from './view.ts'

/** Fewer are found without a search. */
const SEARCHED_FROM = 8

/** All that may connect: those that do first, then by when they were last seen; as many as are looked at. */
export function devicesView(actions: OwnerActions): View {
  const list = element('ul', { class: 'cards' })
  const search = listSearch('Search', 'A part of the name, or the first digits of the key.', (look) =>
    actions.look('devices', look),
  )
  const sync = keyedList<PairedDevice>(
    list,
    ({ deviceId }) => deviceId,
    (device) => deviceCard(device, actions),
  )
  return {
    path: 'devices',
    title: 'Devices',
    element: element(
      'section',
      {},
      element('h1', {}, 'Devices'),
      element('p', { class: 'lead' }, 'What may connect, what for, and how it came by that.'),
      search.field,
      list,
      search.more,
      undoSilentForm(actions),
    ),
    update({ paired, hasMorePaired }) {
      sync(paired)
      search.update({
        hasMore: hasMorePaired,
        shown: paired.length,
        isWorthIt: hasMorePaired || paired.length >= SEARCHED_FROM,
      })
    },
  }
}
