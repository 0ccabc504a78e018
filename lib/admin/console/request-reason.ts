import { element } from './element.ts'
import { localityStory, type Step } from './locality-story.ts'
import type { Locality } from './records.ts'

const MARKS = { pass: '✓', fail: '✕', skip: '–' } as const
const SAID = { pass: 'yes', fail: 'no', skip: 'not asked' } as const

/** Why a device was not let in silently: as a short story, with every rule for those who want to see. */
export function requestReason(locality: Locality): HTMLElement {
  const { sentence, advice, steps } = localityStory(locality)
  return element(
    'div',
    { class: 'part reason' },
    element('h3', {}, 'Why it was not let in silently'),
    element('p', {}, sentence),
    element(
      'details',
      {},
      element('summary', {}, 'What was looked at'),
      advice === undefined
        ? null
        : element('p', { class: 'hint' }, element('strong', {}, 'If it should have been local: '), advice),
      element('ol', { class: 'steps' }, steps.map(stepItem)),
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
