import { LatchkeyError } from '../../errors.ts'
import { unreachableError } from '../client-errors.ts'
import type { ClientPlatform, ClientSocket, SocketEvents } from '../client-platform.ts'
import { startTimer } from '../timer.ts'
import { sha256 } from './web-crypto.ts'
import { web, type WebSocketLike } from './web-globals.ts'

const OPEN = 1
const CLOSE_MS = 1000
/** A page is told no more, so that it cannot look around in the network. */
const HIDDEN =
  'the browser does not say why; perhaps pages of this origin may not connect, then add it to allowedOrigins'

export const browserPlatform: ClientPlatform = { name: 'web', open: openSocket, sha256, startTimer }

function openSocket(url: string, events: SocketEvents): ClientSocket {
  let socket: WebSocketLike
  try {
    socket = new web.WebSocket(url)
  } catch (error) {
    throw unreachableError(url, error)
  }
  let wasOpen = false
  const letGo = (): void => {
    socket.onopen = socket.onmessage = socket.onclose = null
  }
  socket.onopen = () => {
    wasOpen = true
  }
  socket.onmessage = ({ data }) => {
    events.onMessage(typeof data === 'string' ? data : null)
  }
  socket.onclose = ({ code, reason }) => {
    letGo()
    events.onEnd(code, reason, wasOpen ? undefined : unreachableError(url, HIDDEN))
  }
  const terminate = (): void => {
    letGo()
    socket.close()
  }
  return {
    send(text) {
      if (socket.readyState === OPEN) socket.send(text)
    },
    close() {
      socket.close(1000)
      // A browser waits for the other side much longer.
      startTimer(() => {
        if (socket.onclose === null) return
        terminate()
        events.onEnd(1006, '', new LatchkeyError('CLOSED'))
      }, CLOSE_MS)
    },
    terminate,
    // A page can read no files.
    prove: () => null,
  }
}
