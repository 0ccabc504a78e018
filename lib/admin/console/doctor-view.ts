import { plainLine } from '../../client/plain-line.ts'
import { element, setText } from './element.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { DoctorFinding, DoctorRun } from './records.ts'
import { ago, dateAndTime } from './time-in-words.ts'
import type { View } from './view.ts'

/** The level in words, worst first: a colour alone says nothing to many. */
const LEVELS = [
  ['red', 'Wrong'],
  ['yellow', 'Look at it'],
  ['green', 'As it should be'],
] as const

/** What `latchkey doctor` found when it was run last. The page cannot run it: it looks at files of the machine. */
export function doctorView(actions: OwnerActions): View {
  const when = element('p', { class: 'meta' })
  const never = element(
    'p',
    { class: 'empty' },
    'The doctor has not been run: ',
    element('code', {}, 'latchkey doctor <public URL>'),
  )
  const list = element('ol', { class: 'rows findings' })
  const leftOut = element('p', { class: 'meta' })
  let shown: string | null = null

  function show(run: DoctorRun | null): void {
    never.hidden = run !== null
    when.hidden = run === null
    list.hidden = run === null
    leftOut.hidden = (run?.leftOut ?? 0) === 0
    tell(run)
    // What somebody reads or has selected stays, as long as it is the same.
    const text = JSON.stringify(run)
    if (text === shown) return
    shown = text
    list.replaceChildren(...worstFirst(run?.findings ?? []).map(findingItem))
    setText(leftOut, `${run?.leftOut ?? 0} more were found than are kept; latchkey doctor shows all of them.`)
  }

  function tell(run: DoctorRun | null): void {
    if (run === null) return
    const count = (level: DoctorFinding['level']): number =>
      run.findings.filter((finding) => finding.level === level).length
    const counts = `${count('red')} wrong, ${count('yellow')} to look at, ${count('green')} as it should be`
    setText(when, `Run ${ago(run.ranAtMs, actions.nowMs())} (${dateAndTime(run.ranAtMs)}): ${counts}.`)
  }

  return {
    path: 'doctor',
    title: 'Doctor',
    element: element(
      'section',
      {},
      element('h1', {}, 'Doctor'),
      element(
        'p',
        { class: 'lead' },
        'What could make a visitor look as if it were on this machine, as of the last run of latchkey doctor.',
      ),
      never,
      when,
      list,
      leftOut,
    ),
    isOffered: (methods) => methods.has('doctor.findings.get'),
    badge: ({ doctorRun }) => doctorRun?.findings.filter(({ level }) => level === 'red').length ?? 0,
    update: ({ doctorRun }) => show(doctorRun),
    tick: () => tell(actions.state().doctorRun),
  }
}

function worstFirst(findings: readonly DoctorFinding[]): DoctorFinding[] {
  return LEVELS.flatMap(([level]) => findings.filter((finding) => finding.level === level))
}

function findingItem({ check, level, saw, advice }: DoctorFinding): HTMLElement {
  const [, word] = LEVELS.find(([known]) => known === level) ?? LEVELS[1]
  return element(
    'li',
    { class: `finding-${level}` },
    element(
      'div',
      {},
      element(
        'p',
        {},
        element('span', { class: 'level' }, word),
        ' ',
        element('strong', {}, element('bdi', {}, plainLine(check))),
      ),
      element('p', {}, element('bdi', {}, plainLine(saw, 512))),
      advice === undefined
        ? null
        : element('p', { class: 'meta' }, 'Advice: ', element('bdi', {}, plainLine(advice, 512))),
    ),
  )
}
