import { element, setText } from './element.ts'
import { fingerprintElement } from './names-in-text.ts'
import type { OwnerActions } from './owner-actions.ts'
import type { OwnerState } from './owner-model.ts'
import { plainHttpNote } from './plain-http-note.ts'
import { taintBanner } from './taint-banner.ts'
import type { View } from './view.ts'

export type OwnerShell = {
  readonly element: HTMLElement
  update(state: OwnerState): void
  setLost(isLost: boolean): void
  tick(): void
}

/** The frame around the sections: navigation, warnings, and the section that the address names. */
export function ownerShell(views: readonly [View, ...View[]], actions: OwnerActions): OwnerShell {
  const lost = element(
    'p',
    { class: 'note note-warn lost', role: 'status' },
    'The gateway does not answer. What you see is how it was; this page comes back by itself.',
  )
  lost.hidden = true
  const taint = taintBanner(actions)
  const place = element('main', { id: 'main', tabindex: '-1' })
  const self = element('p', { class: 'self' })
  const links = views.map((view) => {
    const badge = element('span', { class: 'badge', hidden: true })
    const link = element('a', { href: `#/${view.path}` }, view.title, badge)
    return { view, badge, link, item: element('li', {}, link) }
  })
  const whole = element(
    'div',
    { class: 'shell' },
    element('a', { class: 'skip', href: '#main', click: skip }, 'Skip to the content'),
    element(
      'header',
      { class: 'side' },
      element('p', { class: 'brand' }, element('span', { class: 'mark', 'aria-hidden': 'true' }), 'Latchkey'),
      element(
        'nav',
        { 'aria-label': 'Sections' },
        element(
          'ul',
          {},
          links.map(({ item }) => item),
        ),
      ),
      self,
    ),
    element('div', { class: 'content' }, lost, plainHttpNote(), taint.element, place),
  )

  function skip(event: Event): void {
    event.preventDefault()
    place.focus()
  }

  function current(): View {
    const path = location.hash.replace(/^#\/?/, '')
    return views.find((view) => view.path === path && isOffered(view)) ?? views[0]
  }

  function isOffered(view: View): boolean {
    return view.isOffered?.(actions.methods()) ?? true
  }

  function show(): void {
    const view = current()
    const isNew = view.element.parentElement !== place
    if (isNew) place.replaceChildren(view.element)
    for (const { view: other, link } of links) {
      if (other === view) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    }
    title()
    if (isNew) view.shown?.()
  }

  function title(): void {
    const waiting = actions.state().waiting
    document.title = `${waiting === 0 ? '' : `(${waiting}) `}${current().title} – Latchkey`
  }

  globalThis.addEventListener('hashchange', () => {
    if (!whole.isConnected) return
    show()
    scrollTo(0, 0)
    place.focus({ preventScroll: true })
  })

  return {
    element: whole,
    update(state) {
      if (self.childElementCount === 0) self.append('This console: ', fingerprintElement(actions.deviceId()))
      taint.update(state.taint)
      for (const { view, badge, item } of links) {
        item.hidden = !isOffered(view)
        view.update(state)
        const count = view.badge?.(state) ?? 0
        badge.hidden = count === 0
        setText(badge, String(count))
      }
      show()
    },
    setLost(isLost) {
      lost.hidden = !isLost
      whole.classList.toggle('is-lost', isLost)
    },
    tick() {
      for (const view of views) view.tick?.()
    },
  }
}
