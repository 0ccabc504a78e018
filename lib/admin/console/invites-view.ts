import { confirmDialog } from './confirm-dialog.ts'
import { element } from './element.ts'
import { inviteForm } from './invite-form.ts'
import { keyedList, type Item } from './keyed-list.ts'
import { madeInvite } from './made-invite.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import type { Invite } from './records.ts'
import { ago, duration } from './time-in-words.ts'
import type { View } from './view.ts'

/** One-time permissions to pair: making them, and those that are open. */
export function invitesView(actions: OwnerActions, page: URL): View {
  const made = element('div', {})
  const list = element('ul', { class: 'rows' })
  const empty = element('p', { class: 'hint' }, 'No invitation is open.')
  const sync = keyedList<Invite>(
    list,
    ({ inviteId }) => inviteId,
    (invite) => inviteRow(invite, actions),
  )
  const form = inviteForm(actions, (invite) => {
    const shown = madeInvite(invite, page, () => made.replaceChildren())
    made.replaceChildren(shown)
    shown.focus()
  })
  return {
    path: 'invitations',
    title: 'Invitations',
    element: element(
      'section',
      {},
      element('h1', {}, 'Invitations'),
      element('p', { class: 'lead' }, 'Let a device in that is not here, without waiting for it to knock.'),
      form,
      made,
      element('h2', {}, 'Made lately'),
      list,
      empty,
    ),
    badge: ({ invites }) => invites.filter((invite) => isOpen(invite, actions.nowMs())).length,
    update({ invites }) {
      sync([...invites].reverse())
      empty.hidden = invites.length > 0
    },
  }
}

function isOpen({ usedBy, expiresAtMs }: Invite, nowMs: number): boolean {
  return usedBy === null && expiresAtMs > nowMs
}

function inviteRow(first: Invite, actions: OwnerActions): Item<Invite> {
  const state = element('p', { class: 'meta' })
  const gives = first.asks.flatMap(({ role, scopes }) => (scopes.length === 0 ? [role] : scopes))
  const button = element(
    'button',
    { type: 'button', class: 'danger-quiet', click: () => void revoke() },
    'Take back',
  )

  async function revoke(): Promise<void> {
    const isSure = await confirmDialog({
      title: 'Take this invitation back?',
      text: 'Its link and its code stop working now.',
      action: 'Take back',
    })
    if (!isSure) return
    try {
      await actions.request('device.invite.revoke', { inviteId: first.inviteId })
      actions.announcer.say('The invitation is taken back.')
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
  }

  const item: Item<Invite> = {
    element: element(
      'li',
      {},
      element(
        'div',
        {},
        element('strong', {}, first.label ?? 'Without a note'),
        ' ',
        gives.map((name) => element('code', { class: 'chip' }, name)),
        state,
      ),
      button,
    ),
    update(invite) {
      const nowMs = actions.nowMs()
      button.hidden = !isOpen(invite, nowMs)
      state.textContent = stateText(invite, nowMs, actions)
      return true
    },
  }
  item.update(first)
  return item
}

function stateText(invite: Invite, nowMs: number, actions: OwnerActions): string {
  const made = `Made by ${actions.nameOf(invite.createdBy)} ${ago(invite.createdAtMs, nowMs)}.`
  if (invite.usedBy !== null)
    return `${made} Used by ${actions.nameOf(invite.usedBy)} ${ago(invite.usedAtMs ?? nowMs, nowMs)}.`
  return isOpen(invite, nowMs)
    ? `${made} Open for ${duration(invite.expiresAtMs - nowMs)}.`
    : `${made} Not used in time.`
}
