// A development proxy: passes requests and upgrades on to loopback. argv: pairs of its port and the upstream's.
import { createServer, request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'

const [, , ...pairs] = process.argv.map(Number)
for (let i = 0; i + 1 < pairs.length; i += 2) serve(pairs[i] ?? 0, pairs[i + 1] ?? 0)

function serve(port: number, upstream: number): void {
  const server = createServer((incoming, outgoing) => {
    const { method, url, rawHeaders } = incoming
    const options = { host: '127.0.0.1', port: upstream, method, path: url, agent: false as const }
    const asked = request({ ...options, headers: rawHeaders as never, setHost: false }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(outgoing)
    })
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const { method = 'GET', url = '/', rawHeaders } = incoming
    const lines = [`${method} ${url} HTTP/1.1`]
    for (let i = 0; i + 1 < rawHeaders.length; i += 2)
      lines.push(`${rawHeaders[i] ?? ''}: ${rawHeaders[i + 1] ?? ''}`)
    const out = connect({ host: '127.0.0.1', port: upstream })
    out.write(`${lines.join('\r\n')}\r\n\r\n`)
    out.write(head)
    out.on('error', () => socket.destroy())
    socket.on('error', () => out.destroy())
    socket.pipe(out).pipe(socket)
  })
  server.listen(port, '127.0.0.1')
}
