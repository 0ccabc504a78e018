/// <reference lib="dom" />
// Runs in the page: on this machine it is paired silently, elsewhere it shows its code until the owner approves.
import { adviceOf, browserIdentity, gatewayClient } from 'latchkey/client/browser'

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
const show = (/** @type {string} */ text) => {
  // Words of a gateway are text, never HTML.
  find('advice').textContent = text
  find('advice').hidden = text === ''
}

const client = gatewayClient({
  url: `${location.origin.replace(/^http/, 'ws')}/gateway`,
  // A key that no script can read out, kept in the IndexedDB of this origin: the same device after a reload.
  identity: await browserIdentity(),
  scopes: ['operator.read'],
  client: { id: 'notes-page', mode: 'webchat', displayName: 'the page of notes' },
  onState(state) {
    find('state').textContent = state
    if (state === 'connected') show('')
  },
  onPairingRequired: (error) => show(adviceOf(error).join('\n')),
})

try {
  // Waits for the connection, however long the owner takes.
  await client.connected()
  const notes = /** @type {string[]} */ (await client.request('notes.list'))
  for (const note of notes) find('notes').append(Object.assign(document.createElement('li'), { textContent: note })) // prettier-ignore
} catch (error) {
  // The client has given up: no retry mends this.
  show([String(error), ...adviceOf(error)].join('\n'))
}
