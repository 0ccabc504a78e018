import { inviteIn } from './addresses.ts'
import { ownerConsole } from './owner-console.ts'

const page = new URL(location.href)
const invite = inviteIn(page)
// Before anything else: out of the address bar, the history and whatever reads them.
if (page.hash.includes('invite=')) {
  page.hash = ''
  history.replaceState(null, '', page.pathname + page.search)
}

const root = document.getElementById('app')
if (root !== null) ownerConsole(root, page, invite)
