// Serves one kind of connection and says what they hold in memory. argv: bare or latchkey.
import { serveGateway, servePlain } from './servers.ts'

const served = process.argv[2] === 'latchkey' ? await serveGateway() : await servePlain()
process.on('message', () => {
  for (let i = 0; i < 4; i += 1) globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send?.({ held: heapUsed + external, rss })
})
process.on('disconnect', () => process.exit())
process.send?.({ url: served.url })
