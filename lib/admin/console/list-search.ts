import { element, newId } from './element.ts'
import type { Look } from './read-pages.ts'

const STEP = 50
const TYPING_MS = 200

export type ListSearch = {
  /** Goes above the list. */
  readonly field: HTMLElement
  /** Goes below it. */
  readonly more: HTMLElement
  update(state: { readonly hasMore: boolean; readonly shown: number; readonly isWorthIt: boolean }): void
  readonly search: string
}

/** A field to search a long list with, and a button for the next lines of it. */
export function listSearch(label: string, hint: string, look: (look: Look) => unknown): ListSearch {
  const id = newId('search')
  const hintId = newId('search')
  let shown = STEP
  let search = ''
  let typing: ReturnType<typeof setTimeout> | undefined
  const input = element('input', {
    id,
    type: 'search',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: '100',
    'aria-describedby': hintId,
    input: () => {
      clearTimeout(typing)
      typing = setTimeout(() => {
        search = input.value.trim()
        shown = STEP
        look({ search, shown })
      }, TYPING_MS)
    },
  })
  const next = element(
    'button',
    {
      type: 'button',
      click: () => {
        shown += STEP
        look({ search, shown })
      },
    },
    `Show ${STEP} more`,
  )
  const nothing = element('p', { class: 'hint', role: 'status', hidden: true })
  const field = element(
    'div',
    { class: 'search', role: 'search', hidden: true },
    element('label', { for: id }, label),
    input,
    element('p', { class: 'hint', id: hintId }, hint),
  )
  const more = element('div', { class: 'more' }, nothing, next)
  return {
    field,
    more,
    get search() {
      return search
    },
    update({ hasMore, shown: count, isWorthIt }) {
      // Once there, it stays: it must not go away under whoever types.
      if (isWorthIt) field.hidden = false
      next.hidden = !hasMore
      nothing.hidden = search === '' || count > 0
      nothing.textContent = `Nothing fits “${search}”.`
    },
  }
}
