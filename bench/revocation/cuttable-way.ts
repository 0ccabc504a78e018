import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A way to a database that can be cut. */
export type CuttableWay = {
  readonly url: string
  /** `refused`: connections end and new ones are turned away. `silent`: nothing comes through, and nobody is told. */
  cut(how: 'refused' | 'silent'): void
  close(): void
}

export async function cuttableWay(database: string): Promise<CuttableWay> {
  const target = new URL(database)
  const sockets = new Set<Socket>()
  let how: 'refused' | 'silent' | null = null
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => undefined)
    if (how === 'refused') client.destroy()
    if (how !== null) return
    const onward = connect(Number(target.port), target.hostname)
    sockets.add(onward)
    for (const [from, to] of [[client, onward], [onward, client]] as const) {
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
      from.on('data', (piece) => {
        if (how === null) to.write(piece)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database)
  url.port = String((server.address() as AddressInfo).port)
  const end = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: url.href,
    cut(next) {
      how = next
      if (how === 'refused') end()
    },
    close() {
      end()
      server.close()
    },
  }
} // prettier-ignore
