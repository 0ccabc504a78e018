import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'

/** An app on a port of its own. */
export async function serve(
  app: RequestListener,
): Promise<{ server: Server; port: number; close(): Promise<void> }> {
  const server = createServer(app)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}

/** Sends requests one after the other on one connection; each waits for the answer before it. */
export async function overOneConnection(port: number, requests: readonly string[]): Promise<unknown[]> {
  const socket = connect(port, '127.0.0.1')
  const bodies: unknown[] = []
  for (const text of requests) {
    const answer = new Promise<string>((resolve, reject) => {
      let all = ''
      const onData = (chunk: Buffer): void => {
        all += chunk.toString('utf8')
        const [head = '', body] = all.split('\r\n\r\n')
        const length = /content-length: (\d+)/i.exec(head)?.[1]
        if (body === undefined || length === undefined || Buffer.byteLength(body) < Number(length)) return
        socket.off('data', onData)
        resolve(body)
      }
      socket.on('data', onData)
      socket.once('error', reject)
      socket.once('close', () => {
        reject(new Error(`closed after ${all}`))
      })
    })
    socket.write(text)
    bodies.push(JSON.parse(await answer))
  }
  socket.destroy()
  return bodies
}
