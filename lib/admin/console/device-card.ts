import { plainLine } from '../../client/plain-line.ts'
import { confirmDialog, type Question } from './confirm-dialog.ts'
import { element, setText, type Child } from './element.ts'
import type { Item } from './keyed-list.ts'
import { fingerprintElement, listed, nameElement, nameWarning } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import { holdings, type Grant, type PairedDevice } from './records.ts'
import { renameForm } from './rename-form.ts'
import { isGreat } from './scopes-in-words.ts'
import { ago, dateAndTime } from './time-in-words.ts'

/** A paired device: what it may do, how it came by that, and how to take it back. */
export function deviceCard(first: PairedDevice, actions: OwnerActions): Item<PairedDevice> {
  const { deviceId } = first
  const name = nameElement(first.displayName).textContent
  const isSelf = deviceId === actions.deviceId()
  const seen = element('span', {})
  const connected = element('span', { class: 'tag tag-live' }, 'connected')

  async function act(method: string, params: object, done: string, question?: Question): Promise<void> {
    if (question !== undefined && !(await confirmDialog(question))) return
    try {
      await actions.request(method, { deviceId, ...params })
      actions.announcer.say(done)
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
    await actions.refresh()
    // What had the focus is gone with the card.
    if (!card.isConnected) document.getElementById('main')?.focus({ preventScroll: true })
  }

  const self = isSelf ? ' This is the console that you are using.' : ''
  const remove = (): Promise<void> =>
    act('device.pair.remove', {}, `Removed: ${name}.`, {
      title: `Remove “${name}”?`,
      text: `It loses all that it holds and its connections end now. It can knock again.${self}`,
      action: 'Remove',
    })
  const revoke = (role: string): Promise<void> =>
    act('device.token.revoke', { role }, `Revoked: ${role} of ${name}.`, {
      title: `Revoke ${role} of “${name}”?`,
      text: `It loses this role with its scopes and its token, and its connections in it end now.${self}`,
      action: 'Revoke',
    })
  const rotate = (role: string): Promise<void> =>
    act('device.token.rotate', { role }, `${name} gets a new token when it connects next.`)

  const rename = renameForm(first.displayName ?? '', (label) =>
    act('device.pair.rename', { label }, `Renamed to ${label}.`),
  )

  function roleRow(role: string): HTMLElement {
    const scopes = [
      ...new Set(first.grants.filter((grant) => grant.role === role).flatMap((grant) => grant.scopes)),
    ]
    const hasToken = first.tokens.some((token) => token.role === role && token.revokedAtMs === undefined)
    return element(
      'li',
      { class: 'role' },
      element(
        'div',
        {},
        element('span', { class: 'role-name' }, role),
        scopes
          .sort()
          .map((scope) => element('code', { class: isGreat(scope) ? 'chip chip-great' : 'chip' }, scope)),
      ),
      element(
        'div',
        { class: 'actions' },
        hasToken ? actionButton('Rotate token', `of ${role} of ${name}`, () => rotate(role)) : null,
        actionButton('Revoke', `${role} of ${name}`, () => revoke(role)),
      ),
    )
  }

  const card = element(
    'li',
    { class: 'card device' },
    element(
      'header',
      {},
      element('h2', {}, nameElement(first.displayName)),
      fingerprintElement(deviceId),
      element(
        'span',
        { class: 'tags' },
        isSelf ? element('span', { class: 'tag tag-self' }, 'this console') : null,
        connected,
      ),
      element('p', { class: 'meta' }, howText(first, actions), ' ', seen),
      nameWarning(first.nameWarning),
    ),
    element('ul', { class: 'roles' }, first.roles.map(roleRow)),
    rename.element,
    element(
      'footer',
      {},
      element(
        'details',
        { class: 'history' },
        element('summary', {}, 'How it came by that'),
        element(
          'ul',
          {},
          first.grants.map((grant) => grantLine(grant, actions)),
        ),
      ),
      element(
        'div',
        { class: 'actions' },
        actionButton('Rename', name, rename.open),
        actionButton('Remove', name, remove, 'danger-quiet'),
      ),
    ),
  )
  const shape = shapeOf(first)
  const item: Item<PairedDevice> = {
    element: card,
    update(record) {
      if (shapeOf(record) !== shape) return false
      connected.hidden = !record.connected
      setText(seen, seenText(record, actions.nowMs()))
      return true
    },
  }
  item.update(first)
  return item
}

/** Everything that takes a new card. */
function shapeOf(device: PairedDevice): string {
  const tokens = device.tokens.map(({ role, revokedAtMs }) => [role, revokedAtMs])
  return JSON.stringify({ ...device, tokens, lastSeenAtMs: 0, connected: false })
}

function actionButton(label: string, of: string, act: () => unknown, kind = 'quiet'): HTMLElement {
  return element(
    'button',
    { type: 'button', class: kind, click: () => void act() },
    label,
    element('span', { class: 'visually-hidden' }, ` ${of}`),
  )
}

function howText({ grants, platform }: PairedDevice, actions: OwnerActions): Child {
  const on =
    platform === undefined ? '' : platform === 'web' ? 'In a browser. ' : `On ${plainLine(platform, 64)}. `
  if (grants.length === 0) return `${on}It holds nothing any more: it has to ask again.`
  const owned = grants.findLast(({ via }) => via === 'owner')
  if (owned === undefined) return `${on}Let in silently on this machine; nobody has approved it.`
  const silent = holdings(grants, 'silent').length > 0 ? ', more of it silently' : ''
  return `${on}Approved by ${actions.nameOf(owned.approvedBy)} ${ago(owned.grantedAtMs, actions.nowMs())}${silent}.`
}

function seenText({ lastSeenAtMs, connected }: PairedDevice, nowMs: number): string {
  if (connected) return 'Connected now.'
  return lastSeenAtMs === undefined ? 'Never connected since.' : `Last seen ${ago(lastSeenAtMs, nowMs)}.`
}

function grantLine(grant: Grant, actions: OwnerActions): HTMLElement {
  const { role, scopes, via, approvedBy, fromAddress, grantedAtMs, expiresAtMs } = grant
  const what = scopes.length === 0 ? role : listed(scopes)
  const how = via === 'silent' ? 'silently, on this machine' : `by ${actions.nameOf(approvedBy)}`
  const from = fromAddress === undefined ? '' : `, asked from ${fromAddress}`
  const until = expiresAtMs === undefined ? '' : `, until ${dateAndTime(expiresAtMs)}`
  return element('li', {}, element('strong', {}, what), ` ${how}, ${dateAndTime(grantedAtMs)}${from}${until}`)
}
