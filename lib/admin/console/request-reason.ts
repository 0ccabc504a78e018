import { element } from './element.ts'
import { localityStory, type Step } from './locality-story.ts'
import { problemText } from './problem-text.ts'
import type { Locality } from './records.ts'

const MARKS = { pass: '✓', fail: '✕', skip: '–' } as const
const SAID = { pass: 'yes', fail: 'no', skip: 'not asked' } as const

/**
 * Why a device was not let in silently: as a short story, with every rule for those who want to see.
 *
 * @param whole asks for the request with all that was looked at
 */
export function requestReason(locality: Locality, whole: () => Promise<Locality>): HTMLElement {
  const { sentence, advice } = localityStory(locality)
  const list = element('ol', { class: 'steps', role: 'list' })
  const problem = element('p', { class: 'hint', role: 'status', hidden: true })
  let isFilled = false

  async function fill(): Promise<void> {
    if (isFilled) return
    isFilled = true
    try {
      list.replaceChildren(...localityStory(await whole()).steps.map(stepItem))
      problem.hidden = true
    } catch (error) {
      isFilled = false
      problem.hidden = false
      problem.textContent = problemText(error)
    }
  }

  return element(
    'div',
    { class: 'part reason' },
    element('h3', {}, 'Why it was not let in silently'),
    element('p', {}, sentence),
    element(
      'details',
      { toggle: () => void fill() },
      element('summary', {}, 'What was looked at'),
      advice === undefined
        ? null
        : element('p', { class: 'hint' }, element('strong', {}, 'If it should have been local: '), advice),
      list,
      problem,
      element(
        'p',
        { class: 'hint' },
        'The rule that decided is called ',
        element('code', {}, locality.reason),
        '.',
      ),
    ),
  )
}

function stepItem({ question, outcome, saw }: Step): HTMLElement {
  return element(
    'li',
    { class: `step step-${outcome}` },
    element('span', { class: 'step-mark', 'aria-hidden': 'true' }, MARKS[outcome]),
    element(
      'span',
      {},
      question,
      element('span', { class: 'visually-hidden' }, ` ${SAID[outcome]}.`),
      outcome === 'skip' ? null : element('span', { class: 'saw' }, saw),
    ),
  )
}
