import { element, newId, setText } from './element.ts'
import { confirmDialog } from './confirm-dialog.ts'
import type { Item } from './keyed-list.ts'
import { fingerprintElement, listed, nameElement, nameWarning } from './names-in-text.ts'
import { problemText } from './problem-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { Locality, PairedDevice, PendingRequest } from './records.ts'
import { requestCode } from './request-code.ts'
import { requestGain } from './request-gain.ts'
import { requestReason } from './request-reason.ts'
import { gain } from './scopes-in-words.ts'
import { ago, countdown, duration } from './time-in-words.ts'

const UNTIL = [
  ['for good, until you take it back', 0],
  ['for an hour', 3_600_000],
  ['for a day', 86_400_000],
  ['for a week', 7 * 86_400_000],
  ['for 30 days', 30 * 86_400_000],
] as const

export type RequestCard = Item<PendingRequest> & { tick(): void }

/**
 * One request, with all that is needed to decide on it. The decision always names the digest of what is shown
 * here, so that nothing else can be approved.
 *
 * @param before the request of the same device that this one took the place of
 * @param ours requests that this page decides on, by id
 */
export function requestCard(
  first: PendingRequest,
  before: PendingRequest | undefined,
  holder: PairedDevice | undefined,
  actions: OwnerActions,
  ours: Set<string>,
): RequestCard {
  let request = first
  const titleId = newId('request')
  const when = element('span', { class: 'when' })
  const problem = element('p', { class: 'note note-bad', role: 'alert', hidden: true })
  const code = requestCode(first)
  const view = requestGain(first, holder, labelApprove)
  const untilId = newId('until')
  const until = element(
    'select',
    { id: untilId },
    UNTIL.map(([text, ms]) => element('option', { value: String(ms) }, text)),
  )
  const approve = element('button', { type: 'button', class: 'primary', click: () => void onApprove() })
  const reject = element('button', { type: 'button', click: () => void onReject() }, 'Reject')
  const ignore = element(
    'button',
    { type: 'button', class: 'quiet', click: () => void onIgnore() },
    'Ignore this key',
  )
  const second = element('p', { class: 'note', hidden: true })

  const card = element(
    'li',
    { class: 'card request', 'aria-labelledby': titleId, tabindex: '-1' },
    element(
      'header',
      {},
      element('h2', { id: titleId }, nameElement(first.displayName)),
      fingerprintElement(first.deviceId),
      element('p', { class: 'meta' }, fromText(first), when),
      nameWarning(first.nameWarning),
      changeNote(before, first),
    ),
    element(
      'div',
      { class: 'parts' },
      view.element,
      code.element,
      requestReason(first.locality, wholeLocality),
    ),
    second,
    problem,
    element(
      'footer',
      {},
      element('p', { class: 'until' }, element('label', { for: untilId }, 'Valid '), until),
      element('div', { class: 'actions' }, approve, reject, ignore),
    ),
  )

  async function wholeLocality(): Promise<Locality> {
    const answer = await actions.request('device.pair.request', { requestId: request.requestId })
    return (answer as { readonly request: PendingRequest }).request.locality
  }

  function labelApprove(): void {
    const { isAll, roles, scopes } = view.chosen()
    setText(approve, isAll ? 'Approve' : `Approve ${roles.length + scopes.length} of these`)
    approve.disabled = roles.length === 0
  }

  function show(text: string): void {
    setText(problem, text)
    problem.hidden = text === ''
  }

  async function decide(method: string, params: object, done: (answer: unknown) => string): Promise<void> {
    const buttons = [approve, reject, ignore]
    show('')
    for (const button of buttons) button.disabled = true
    ours.add(request.requestId)
    try {
      const answer = await actions.request(method, { requestId: request.requestId, ...params })
      actions.announcer.say(done(answer))
    } catch (error) {
      ours.delete(request.requestId)
      const text = problemText(error)
      show(text)
      // The card may be gone with the next answer.
      actions.announcer.say(text, 'bad')
      code.focus()
    }
    await actions.refresh()
    for (const button of buttons) button.disabled = false
    labelApprove()
    // What had the focus is gone with the card.
    if (!card.isConnected) document.getElementById('main')?.focus({ preventScroll: true })
  }

  async function onApprove(): Promise<void> {
    const answer = code.answer()
    if (typeof answer === 'string') {
      show(answer)
      code.focus()
      return
    }
    const { isAll, roles, scopes } = view.chosen()
    const expiresInMs = Number(until.value)
    const params = {
      digest: request.digest,
      ...answer,
      ...(isAll ? {} : { roles, scopes }),
      ...(expiresInMs === 0 ? {} : { expiresInMs }),
    }
    await decide('device.pair.approve', params, (result) => approvedText(request, result, actions))
  }

  async function onReject(): Promise<void> {
    await decide('device.pair.reject', {}, () => `Rejected: ${nameOf(request)}.`)
  }

  async function onIgnore(): Promise<void> {
    const isSure = await confirmDialog({
      title: 'Ignore this key?',
      text: `The request of “${nameOf(request)}” is rejected, and nothing that this key asks for is shown from now on. You can take that back below.`,
      action: 'Ignore',
    })
    if (isSure) await decide('device.pair.ignore', {}, () => `Ignored: ${nameOf(request)}.`)
  }

  function tick(): void {
    const nowMs = actions.nowMs()
    setText(when, `asked ${ago(request.ts, nowMs)}, open for ${countdown(request.expiresAtMs - nowMs)}`)
    const { secondApproverRequired, approvedBy } = request
    second.hidden = !secondApproverRequired
    const byMe = approvedBy === actions.deviceId()
    setText(
      second,
      approvedBy === undefined
        ? 'This takes two owners: after you, another one has to approve the same.'
        : byMe
          ? 'You have approved it. Another owner has to approve the same.'
          : `${actions.nameOf(approvedBy)} has approved it. Yours is the second approval.`,
    )
  }

  labelApprove()
  tick()
  return {
    element: card,
    tick,
    update(record) {
      if (record.digest !== first.digest || record.requestId !== first.requestId) return false
      request = record
      tick()
      return true
    },
  }
}

function fromText({ remoteIp, platform, clientId }: PendingRequest): string {
  const program = [clientId, platform].filter((part) => part !== undefined).join(' on ')
  return `from ${remoteIp ?? 'an unknown address'}${program === '' ? '' : `, calls itself ${program}`}, `
}

function changeNote(before: PendingRequest | undefined, request: PendingRequest): HTMLElement | null {
  if (before === undefined) return null
  const { roles, scopes } = gain(request.asks, before.asks)
  const added = [...roles, ...scopes]
  if (added.length === 0) return null
  return element(
    'p',
    { class: 'note note-warn' },
    'This request has changed since you saw it: it now asks for ',
    element('strong', {}, listed(added)),
    ' too.',
  )
}

function nameOf({ displayName }: PendingRequest): string {
  return nameElement(displayName).textContent
}

type Answer = { readonly awaiting?: string; readonly device?: PairedDevice }

/** A retry of what another owner has decided gets the same answer: who it was stands in the grant. */
function approvedText(request: PendingRequest, result: unknown, actions: OwnerActions): string {
  const { awaiting, device } = result as Answer
  const name = nameOf(request)
  if (awaiting !== undefined) return `Your approval of ${name} is noted. Another owner has to agree.`
  const grant = device?.grants.find(({ origin }) => origin === request.requestId)
  if (grant?.approvedBy !== undefined && grant.approvedBy !== actions.deviceId())
    return `${actions.nameOf(grant.approvedBy)} was faster: ${name} was approved already.`
  const until = grant?.expiresAtMs
  return until === undefined
    ? `Approved: ${name}.`
    : `Approved: ${name}, for ${duration(until - actions.nowMs())}.`
}
