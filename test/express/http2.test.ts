import { connect, createServer, type ClientHttp2Session, type Http2Server } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { localClient, type LocalityVerdict } from '../../lib/index.ts'

let server: Http2Server
let session: ClientHttp2Session
beforeEach(async () => {
  const middleware = localClient()
  // The compatibility API gives requests that look like those of node:http.
  server = createServer((request, response) => {
    const asHttp1 = request as unknown as IncomingMessage & { clientLocality: LocalityVerdict }
    middleware(asHttp1, response as unknown as ServerResponse, () => {
      response.end(JSON.stringify(asHttp1.clientLocality))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterEach(async () => {
  session.destroy()
  await new Promise((resolve) => server.close(resolve))
})

async function ask(headers: Record<string, string> = {}): Promise<LocalityVerdict> {
  const stream = session.request({ ':path': '/', ...headers })
  let body = ''
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString('utf8')
  })
  await new Promise((resolve) => stream.on('end', resolve))
  return JSON.parse(body) as LocalityVerdict
}

test('a local client over HTTP/2 is local by its :authority', async () => {
  expect(await ask()).toMatchObject({ isLocal: true, assurance: 'same-user', clientAddress: '127.0.0.1' })
})

test.each([
  ['forwarding headers', { 'x-forwarded-for': '127.0.0.1' }, 'forwarding-untrusted'],
  ['another :authority', { ':authority': 'gateway.example' }, 'host-not-local'],
  [
    'a Host that contradicts :authority',
    { ':authority': 'localhost', host: 'gateway.example' },
    'host-duplicate',
  ],
])('%s take it away, for that stream alone', async (_title, headers, reason) => {
  expect(await ask(headers)).toMatchObject({ isLocal: false, reason })
  expect((await ask()).isLocal).toBe(true)
})
