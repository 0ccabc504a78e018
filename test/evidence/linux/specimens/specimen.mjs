// Relays written for Node, and tools: specimen.mjs SHAPE GATEWAY_PORT LISTEN_PORT.
import cluster from 'node:cluster'
import http from 'node:http'
import net from 'node:net'

const [shape, gatewayPort, listenPort] = process.argv.slice(2)
const upstream = () => net.connect({ port: Number(gatewayPort), host: '127.0.0.1' })

const shapes = {
  fetch: () =>
    fetch(`http://127.0.0.1:${gatewayPort}/${listenPort}`).then(() => setTimeout(() => {}, 30_000)),
  listen: () => net.createServer((client) => client.pipe(upstream()).pipe(client)).listen(Number(listenPort)),
  'listen-once'() {
    const server = net.createServer((client) => {
      server.close()
      client.pipe(upstream()).pipe(client)
    })
    server.listen(Number(listenPort))
  },
  // Asks the gateway over a fresh connection for each request, as many a dev server does.
  'http-proxy'() {
    http
      .createServer((request, response) => {
        const { method, url } = request
        const onward = {
          host: '127.0.0.1',
          port: gatewayPort,
          method,
          path: url,
          headers: { host: 'localhost' },
        }
        request.pipe(http.request(onward, (answer) => answer.pipe(response)))
      })
      .listen(Number(listenPort))
  },
  cluster() {
    if (cluster.isPrimary) {
      cluster.setupPrimary({ args: process.argv.slice(2) })
      cluster.fork()
    } else shapes.listen()
  },
  // The gateway's own port, through a socket of its own; some of its calls reach the gateway.
  sibling() {
    const server = http.createServer((request, response) => response.end('mine'))
    server.listen({ port: Number(gatewayPort), host: '127.0.0.1', reusePort: true }, () => {
      for (let count = 0; count < 24; count += 1) {
        const socket = upstream()
        socket.on('error', () => {})
        socket.write(`GET /${listenPort} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      }
    })
  },
}
shapes[shape]()
