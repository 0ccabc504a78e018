// What is under test: the methods of a gateway.
export function addNotes(/** @type {import('latchkey').Gateway} */ gateway, notes = ['water the plants']) {
  gateway.method('notes.list', { scope: 'operator.read' }, () => notes)
  gateway.method('notes.add', { scope: 'operator.write' }, ({ params }) =>
    notes.push(String(Object(params).text)),
  )
}
