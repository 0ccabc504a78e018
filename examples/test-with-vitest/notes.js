// What is under test: the methods of a gateway.
export function addNotes(gateway, notes = ['water the plants']) {
  gateway.method('notes.list', { scope: 'operator.read' }, () => notes)
  gateway.method('notes.add', { scope: 'operator.write' }, ({ text }) => notes.push(text))
}
