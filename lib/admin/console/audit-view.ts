import { plainLine } from '../../client/plain-line.ts'
import { auditSentence, type AuditEntry } from './audit-entry.ts'
import { element, type Child } from './element.ts'
import { fingerprintElement, nameElement } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import { problemText } from './problem-text.ts'
import { dateAndTime } from './time-in-words.ts'
import type { View } from './view.ts'

type Page = { readonly entries: readonly AuditEntry[]; readonly doubt?: string | null }

const PAGE = 50

/** Who decided what, newest first. */
export function auditView(actions: OwnerActions): View {
  const list = element('ol', { class: 'rows log' })
  const doubt = element('p', { class: 'note note-bad', hidden: true })
  const older = element(
    'button',
    { type: 'button', hidden: true, click: () => void showOlder() },
    'Show older ones',
  )
  let shown: readonly AuditEntry[] = []

  const ask = async (params: object): Promise<Page> => {
    const page = (await actions.request('audit.list', params)) as Page
    await actions.learnNames(page.entries.flatMap(({ actor, deviceId }) => [actor, deviceId ?? '']))
    return page
  }

  async function showNewest(): Promise<void> {
    await guarded(async () => {
      const page = await ask({ newest: true, limit: PAGE })
      const problem = page.doubt ?? ''
      doubt.hidden = problem === ''
      doubt.textContent = `This log is not as the gateway left it (${plainLine(problem)}). “latchkey audit verify” says more.`
      const known = shown.filter(({ seq }) => seq < (page.entries[0]?.seq ?? 0))
      // With a gap between the two, the older ones are asked for again.
      const isJoined = known.at(-1)?.seq === (page.entries[0]?.seq ?? 0) - 1
      show([...(isJoined ? known : []), ...page.entries])
    })
  }

  async function showOlder(): Promise<void> {
    await guarded(async () => {
      const first = shown[0]?.seq ?? 1
      const found: AuditEntry[] = []
      let after = Math.max(0, first - 1 - PAGE)
      while (after < first - 1) {
        const { entries } = await ask({ after, limit: first - 1 - after })
        if (entries.length === 0) break
        found.push(...entries)
        after = entries.at(-1)?.seq ?? first
      }
      show([...found.filter(({ seq }) => seq < first), ...shown])
    })
  }

  function show(entries: readonly AuditEntry[]): void {
    shown = entries
    older.hidden = (entries[0]?.seq ?? 1) <= 1
    list.replaceChildren(...entries.toReversed().map((entry) => entryItem(entry, actions)))
  }

  async function guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      actions.announcer.say(problemText(error), 'bad')
    }
  }

  let isAsking = false
  return {
    path: 'log',
    title: 'Log',
    element: element(
      'section',
      {},
      element('h1', {}, 'Log'),
      element('p', { class: 'lead' }, 'Every decision, who made it and when.'),
      doubt,
      list,
      older,
    ),
    isOffered: (methods) => methods.has('audit.list'),
    update() {
      if (!list.isConnected || isAsking) return
      isAsking = true
      void showNewest().finally(() => {
        isAsking = false
      })
    },
    shown() {
      this.update(actions.state())
    },
  }
}

function entryItem(entry: AuditEntry, actions: OwnerActions): HTMLElement {
  const { what, gives, name } = auditSentence(entry)
  const { deviceId, actor } = entry
  const device: Child =
    deviceId === null ? 'a device' : [namedDevice(name, deviceId, actions), ' ', fingerprintElement(deviceId)]
  const who: Child = actor === deviceId ? device : actorText(actor, actions)
  const [before = '', after] = what.split('{}')
  return element(
    'li',
    {},
    element(
      'div',
      {},
      element(
        'p',
        {},
        who,
        ` ${before}`,
        after === undefined ? null : [device, after],
        gives === '' ? '' : ': ',
        gives === '' ? null : element('span', { class: 'gives' }, gives),
      ),
      element('p', { class: 'meta' }, dateAndTime(entry.atMs)),
    ),
  )
}

/** At the start of a sentence; what a device calls itself stays as it is. */
function actorText(actor: string, actions: OwnerActions): string {
  if (actor === 'gateway') return 'The gateway'
  const text = actions.nameOf(actor)
  const isName = actor !== actions.deviceId() && typeof actions.deviceName(actor) === 'string'
  return isName ? text : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

function namedDevice(name: unknown, deviceId: string, actions: OwnerActions): HTMLElement {
  const known = actions.deviceName(deviceId)
  return element('strong', {}, nameElement(typeof name === 'string' ? name : (known ?? undefined)))
}
