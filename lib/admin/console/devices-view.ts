import { deviceCard } from './device-card.ts'
import { element } from './element.ts'
import { keyedList } from './keyed-list.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { PairedDevice } from './records.ts'
import { undoSilentForm } from './undo-silent-form.ts'
import type { View } from './view.ts'

/** All that may connect: those that do first, then by when they were last seen. */
export function devicesView(actions: OwnerActions): View {
  const list = element('ul', { class: 'cards' })
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
      list,
      undoSilentForm(actions),
    ),
    update({ paired }) {
      sync([...paired].sort(byActivity))
    },
  }
}

function byActivity(a: PairedDevice, b: PairedDevice): number {
  if (a.connected !== b.connected) return a.connected ? -1 : 1
  return (b.lastSeenAtMs ?? b.createdAtMs) - (a.lastSeenAtMs ?? a.createdAtMs)
}
