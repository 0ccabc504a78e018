import { inviteIn } from './addresses.ts'
import { ownerConsole } from './owner-console.ts'

/** Takes the token of an invitation out of the address bar, the history and whatever reads them. */
function takeInvite(): string | null {
  const page = new URL(location.href)
  if (page.hash.includes('invite=')) history.replaceState(null, '', page.pathname + page.search)
  return inviteIn(page)
}

// Before anything else.
const invite = takeInvite()
const root = document.getElementById('app')
if (root !== null) {
  const page = new URL(location.href)
  page.hash = ''
  const owner = ownerConsole(root, page, invite)
  // A link that is opened where the console stands already loads nothing anew.
  addEventListener('hashchange', () => {
    const more = takeInvite()
    if (more !== null) owner.useInvite(more)
  })
}
