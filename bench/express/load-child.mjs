// Sends requests over a few kept connections, on each of them the texts in turn. A process of its own: the server's CPU
// time is what counts.
import { connect } from 'node:net'

const END = 'the end\n'
const pools = new Map()

process.on('message', ({ port, texts, times, connections }) => {
  let pool = pools.get(port)
  if (pool === undefined) {
    pool = Array.from({ length: connections }, () => open(port))
    pools.set(port, pool)
  }
  let left = times
  let open_ = times
  for (const client of pool) {
    client.next = () => {
      if (left === 0) return
      left -= 1
      client.socket.write(texts[client.sent % texts.length])
      client.sent += 1
    }
    client.answered = () => {
      open_ -= 1
      if (open_ === 0) process.send('done')
      else client.next()
    }
    client.next()
  }
})

function open(port) {
  const client = { socket: connect(port, '127.0.0.1'), sent: 0, next() {}, answered() {} }
  client.socket.setNoDelay(true)
  client.socket.on('data', (chunk) => {
    if (chunk.toString('latin1').endsWith(END)) client.answered()
  })
  return client
}

process.on('disconnect', () => process.exit())
