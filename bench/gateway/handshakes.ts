// Handshakes and reconnects of the gateway against bare connections that verify one signature.
import { interleave, type Measured, type Way } from '../interleave.ts'
import { resultOf, type Result } from '../result.ts'
import { clientProcess } from './client-process.ts'
import type { Order } from './clients.ts'
import {
  approveAll,
  serveExpressWs,
  serveGateway,
  servePlain,
  servePlainWithCommit,
  serveSocketIo,
} from './servers.ts'

const WIDTH = 8
const GROUP = 'Gateway, server CPU per connection'

export async function benchHandshakes({ rounds = 15, times = 100 } = {}): Promise<Result[]> {
  const clients = clientProcess()
  const [plain, committing, viaExpress, socketIo, gateway] = await Promise.all([
    servePlain(),
    servePlainWithCommit(),
    serveExpressWs(),
    serveSocketIo(),
    serveGateway(),
  ])
  const way = (name: string, order: Pick<Order, 'kind' | 'url' | 'fresh'>): Way => ({
    name,
    run: (count) => clients.run({ ...order, times: count, width: WIDTH }),
  })
  try {
    const url = gateway.url
    await clients.run({ kind: 'latchkey', url, times: 4 * WIDTH, width: WIDTH })
    await approveAll(gateway.store)
    const measured = await interleave(
      [
        way('plain', { kind: 'floor', url: plain.url }),
        way('committing', { kind: 'floor', url: committing.url }),
        way('reconnect', { kind: 'latchkey', url }),
        way('silent', { kind: 'latchkey', url, fresh: true }),
        way('express-ws', { kind: 'floor', url: viaExpress.url }),
        way('socket.io', { kind: 'socket.io', url: socketIo.url }),
      ],
      // A server that runs for longer than a minute is what counts: compiled, on all sides.
      { rounds, times, warmUp: 8 },
    )
    const [floor, floorWithCommit, reconnect, silent, express, io] = measured
    const line = (what: string, against: string, base: Measured, of: Measured, aim?: number): Result =>
      resultOf({ group: GROUP, what, against, aim }, base, of)
    const bare = 'bare ws, one verified message'
    return [
      line('reconnect of a paired device', bare, floor, reconnect, 1.5),
      line('silent pairing of a new device', `${bare}, one commit`, floorWithCommit, silent, 2),
      line('reconnect of a paired device', 'express-ws, one verified message', express, reconnect),
      line('reconnect of a paired device', 'socket.io, the same check in a middleware', io, reconnect),
    ]
  } finally {
    clients.end()
    await Promise.all([plain, committing, viaExpress, socketIo, gateway].map((served) => served.close()))
  }
}
