// Starts and closes what its argument names, and says how many threads were started; it has to end by itself.
import { procPeerLookup } from '../../../../lib/evidence/linux/proc-peer-lookup.ts'
import { createGateway, localClient, memoryStore } from '../../../../lib/index.ts'

let threads = 0
process.on('worker', () => (threads += 1))
process.on('exit', () => console.log(threads))

const shapes: Record<string, () => unknown> = {
  middleware: () => localClient(),
  'two of them': () => [localClient(), localClient()],
  async gateway() {
    const gateway = await createGateway({ store: memoryStore(), localSecret: false })
    await gateway.close()
  },
  async 'closed look-up'() {
    const lookup = procPeerLookup()
    await lookup.close()
    lookup.start?.()
  },
}
await shapes[process.argv[2] ?? '']?.()
