import { createServer, get, type IncomingMessage } from 'node:http'
import { expect, test } from '@jest/globals'
import { isOwnTarget } from '../../lib/gateway/own-target.ts'
import { localityPolicy } from '../../lib/locality/index.ts'
import { listen, stop } from './running-gateway.ts'

const policy = localityPolicy({
  allowedOrigins: ['https://gateway.example'],
  hosts: ['gateway.test', 'pinned.test:81'],
})

/** What the server makes of a URL that somebody signed, in a request with this Host. */
async function isOwn(
  target: (port: number) => string,
  host: (port: number) => string | string[],
): Promise<boolean> {
  const answers: boolean[] = []
  const server = createServer((request: IncomingMessage, response) => {
    answers.push(isOwnTarget(policy, request, target(port)))
    response.end()
  })
  const port = await listen(server)
  await new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/a/b?c=d', headers: { Host: host(port) as string } }, resolve).on(
      'error',
      reject,
    )
  })
  await stop(server)
  expect(answers).toHaveLength(1)
  return answers[0] === true
}

const at = (authority: string) => (port: number) => authority.replace('PORT', String(port))
test.each([
  ['http://127.0.0.1:PORT/a/b', '127.0.0.1:PORT', true],
  ['http://LOCALHOST:PORT/a/b?x#y', 'localhost:PORT', true],
  ['https://localhost:PORT/a/b', 'localhost:PORT', true],
  ['http://localhost/a/b', 'localhost', true],
  ['http://localhost:80/a/b', 'localhost', true],
  ['https://localhost:443/a/b', 'localhost', true],
  ['http://gateway.test:7/a/b', 'gateway.test:7', true],
  ['http://pinned.test:81/a/b', 'pinned.test:81', true],
  ['http://pinned.test:82/a/b', 'pinned.test:82', false],
  ['https://gateway.example/a/b', '127.0.0.1:PORT', true],
  ['https://gateway.example:443/a/b', 'other.example', true],
  ['http://gateway.example/a/b', 'gateway.example', false],
  ['https://gateway.example:444/a/b', 'gateway.example:444', false],
  ['http://evil.example/a/b', 'evil.example', false],
  ['http://192.0.2.1/a/b', '192.0.2.1', false],
  ['http://127.0.0.1:1/a/b', '127.0.0.1:PORT', false],
  ['http://localhost:PORT/a/b', '127.0.0.1:PORT', false],
  ['http://127.0.0.1:PORT/a/b/', '127.0.0.1:PORT', false],
  ['http://127.0.0.1:PORT/a', '127.0.0.1:PORT', false],
  ['http://127.0.0.1:PORT', '127.0.0.1:PORT', false],
  ['http://u@127.0.0.1:PORT/a/b', '127.0.0.1:PORT', false],
  ['ws://127.0.0.1:PORT/a/b', '127.0.0.1:PORT', false],
  ['//127.0.0.1:PORT/a/b', '127.0.0.1:PORT', false],
  ['', '127.0.0.1:PORT', false],
])('%s, with Host %s: %p', async (target, host, expected) => {
  expect(await isOwn(at(target), at(host))).toBe(expected)
})
