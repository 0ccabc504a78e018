import { createServer, type AddressInfo, type Server } from 'node:net'

/** Ports that nothing listens on at any address. All are held at once, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listenOn(0)))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await closed(servers)
  return ports
}

/**
 * The first of `count` free ports in a row, below those that the kernel gives to clients: for a server that goes away
 * and comes back while others try to reach it, one of which could get its port meanwhile, or meet itself there.
 */
export async function portsOutOfReach(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const attempts = Array.from({ length: count }, (_, index) => listenOn(first + index))
    const servers = (await Promise.allSettled(attempts)).flatMap((one) => one.status === 'fulfilled' ? one.value : []) // prettier-ignore
    await closed(servers)
    if (servers.length === count) return first
  }
}

async function closed(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
}

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '0.0.0.0', () => {
      resolve(server)
    })
  })
}
