// A worker that ends itself, hangs, or reports a failure, as the first user on its list says.
import { parentPort } from 'node:worker_threads'

parentPort.on('message', ({ id, questions }) => {
  const [wish] = questions[0].peerUsers
  if (wish === 1) process.exit(1)
  if (wish === 2) throw new Error('as asked')
  if (wish === 3) while (true);
  parentPort.postMessage({ id, answers: wish === 4 ? null : [{ status: 'same-user' }] })
})
