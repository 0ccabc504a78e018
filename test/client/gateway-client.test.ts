import { spawn, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:http'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { adviceOf } from '../../lib/client/index.ts'
import { createGateway, memoryStore } from '../../lib/index.ts'
import { listen, runGateway, stop, until } from '../gateway/running-gateway.ts'
import { helloOk, scriptedGateway } from './scripted-gateway.ts'
import { clientAt, clientOf, closing, serving } from './watched-client.ts'

describe('a connection that lasts', () => {
  test('carries requests and events, and is closed once', async () => {
    const events: unknown[] = []
    const { client, states } = await clientOf(
      async (visitor) => {
        await visitor.admit()
        visitor.event('hi', 1)
        visitor.answer((await visitor.next()).id, 'x')
      },
      { onEvent: (event, payload) => events.push([event, payload, states.at(-1)]) },
    )
    expect(client.state).toBe('connecting')
    expect(await client.request('x')).toBe('x')
    expect((await client.connected()).type).toBe('hello-ok')
    await until(() => events.length === 1)
    client.close()
    client.close()
    expect(events).toEqual([['hi', 1, 'connected']])
    expect(states).toEqual(['connected', 'closed'])
    await expect(client.request('x')).rejects.toMatchObject({ code: 'CLOSED', message: 'this client was closed' })
    await expect(client.connected()).rejects.toMatchObject({ code: 'CLOSED' })
  }) // prettier-ignore

  test('is made again when it ends, with the hello of the new one', async () => {
    const { client, states, gateway } = await clientOf(async (visitor) => {
      await visitor.admit(helloOk({ server: { version: '0', connId: String(visitor.number) } }))
      if (visitor.number === 1) visitor.socket.terminate()
    })
    await until(() => gateway.visits() === 2 && client.state === 'connected')
    expect((await client.connected()).server.connId).toBe('2')
    expect(states).toEqual(['connected', 'waiting', 'connecting', 'connected'])
  })

  test('rejects what was sent when it ended, and does not send it again', async () => {
    const requests: string[] = []
    const { client } = await clientOf(async (visitor) => {
      await visitor.admit()
      const { id, method } = await visitor.next()
      requests.push(`${visitor.number} ${method}`)
      if (visitor.number === 1) visitor.socket.terminate()
      else visitor.answer(id, 'done')
    })
    await client.connected()
    await expect(client.request('transfer')).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await client.request('look')).toBe('done')
    expect(requests).toEqual(['1 transfer', '2 look'])
  })

  test('survives a proxy that answers 502 until the gateway is up', async () => {
    let answers = 0
    const server = createServer((_, response) => response.writeHead(502).end())
    server.on('upgrade', (_, socket) => {
      answers += 1
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
    })
    const port = await listen(server)
    const { client } = clientAt(`ws://127.0.0.1:${port}/gateway`)
    const answer = client.request('health')
    await until(() => answers >= 3)
    expect(client.state).not.toBe('closed')
    server.removeAllListeners('upgrade')
    const gateway = await createGateway({ store: memoryStore(), peerLookup: { name: 't', lookup: () => Promise.resolve({ status: 'same-user' }), close: () => Promise.resolve() } }) // prettier-ignore
    gateway.attach(server, { path: '/gateway' })
    expect(await answer).toMatchObject({ ok: true })
    client.close()
    await gateway.close()
    await stop(server)
  })

  test('is made again after a real gateway has restarted', async () => {
    const first = await runGateway()
    const { client, states } = clientAt(first.url)
    await client.connected()
    await first.close()
    await until(() => states.includes('waiting'))
    const second = await runGateway()
    // The same port cannot be counted on; a proxy would hide that.
    await stop(second.server)
    await new Promise<void>((resolve) => second.server.listen(first.port, '127.0.0.1', resolve))
    expect(await client.request('health')).toMatchObject({ ok: true })
    client.close()
    await second.close()
  })

  test('a listener that throws is uncaught, as any, and upsets nothing', async () => {
    const gateway = await scriptedGateway(serving)
    closing.push(() => gateway.close())
    const output = await outputOf('throwing-listener.ts', gateway.url)
    expect(output.split('\n')).toEqual([
      'uncaught: connected',
      'answer: x',
      'state: connected',
      'uncaught: closed',
      '',
    ])
  })

  test('does not keep a process alive with unref, and does so without', async () => {
    const gateway = await scriptedGateway(serving)
    closing.push(() => gateway.close())
    for (const url of [gateway.url, 'ws://127.0.0.1:9/gateway']) {
      expect(await outputOf('unref-client.ts', url)).toBe('ends\n')
    }
    const child = spawnChild('unref-client.ts', gateway.url, 'keep')
    await new Promise((resolve) => child.process.stdout?.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(child.process.exitCode).toBeNull()
    child.process.kill()
    await child.output
  })
})

describe('a request while there is no connection', () => {
  test('waits for one, in its turn', async () => {
    const { client } = await clientOf((visitor) =>
      visitor.number < 3 ? visitor.socket.close(1011) : serving(visitor),
    )
    expect(await Promise.all(['a', 'b', 'c'].map((method) => client.request(method)))).toEqual(['a', 'b', 'c'])
  }) // prettier-ignore

  test('gives up at its time-out, and says why there was none', async () => {
    const gateway = await scriptedGateway(() => undefined)
    await gateway.close()
    const { client } = clientAt(gateway.url)
    const error: unknown = await client.request('x', {}, { timeoutMs: 150 }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(/^x: no connection within 150 ms: .*cannot be reached/) as unknown,
      cause: { code: 'GATEWAY_UNREACHABLE' },
    })
    expect(adviceOf(error)[0]).toMatch(/Start the gateway/)
  }) // prettier-ignore

  test('ends with its signal, and is not sent later', async () => {
    const requests: string[] = []
    const { client, gateway } = await clientOf(async (visitor) => {
      if (visitor.number === 1) {
        visitor.socket.close(1011)
        return
      }
      await visitor.admit()
      const { id, method } = await visitor.next()
      requests.push(method)
      visitor.answer(id)
    })
    const aborting = new AbortController()
    const aborted = client.request('never', {}, { signal: aborting.signal })
    aborting.abort(new Error('no'))
    await expect(aborted).rejects.toThrow('no')
    await client.request('sent')
    expect(requests).toEqual(['sent'])
    expect(gateway.visits()).toBe(2)
  })

  test('ends when the client is closed', async () => {
    const { client } = await clientOf(() => undefined)
    const waiting = [client.request('x'), client.connected()]
    client.close()
    for (const promise of waiting) await expect(promise).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

function spawnChild(file: string, ...args: string[]): { process: ChildProcess; output: Promise<string> } {
  const script = path.resolve(import.meta.dirname, 'children', file)
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8')
  })
  return { process: child, output: new Promise((resolve) => child.once('close', () => resolve(output))) }
}

/** Of a program that has to end by itself. */
function outputOf(file: string, ...args: string[]): Promise<string> {
  return spawnChild(file, ...args).output
}
