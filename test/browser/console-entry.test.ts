import { createServer } from 'node:http'
import readQrModule from 'jsqr'
import { describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { memoryStore } from '../../lib/index.ts'
import { scratchFolder, serve as serveByCommand } from '../cli/cli-process.ts'
import { listen, stop, until } from '../gateway/running-gateway.ts'
import { admittedAs } from '../gateway/signed-connect.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { RECOMMENDED } from '../proxies/nginx-recipes.ts'
import { startNginx } from '../proxies/nginx.ts'
import { accessibilityProblems, openTab, takePictures } from './console-page.ts'
import {
  browser,
  button,
  cardOf,
  cleanUp,
  go,
  heading,
  knock,
  openOwned,
  serve,
  OWNER,
  useBrowser,
} from './served-console.ts'

useBrowser()

// Its module is CommonJS with a default of its own.
const readQr = readQrModule as unknown as {
  default?: typeof readQrModule.default
} & typeof readQrModule.default

/** What a reader that knows nothing of how the code was made sees in the drawing. */
function readDrawing(path: string): string | undefined {
  const dark = [...path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => [Number(x), Number(y)] as const)
  const scale = 3
  const size = (Math.max(...dark.map(([x]) => x)) + 5) * scale
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255)
  for (const [x, y] of dark)
    for (let i = 0; i < scale * scale; i += 1) {
      const at = ((y * scale + Math.floor(i / scale)) * size + x * scale + (i % scale)) * 4
      pixels.fill(0, at, at + 3)
    }
  return (readQr.default ?? readQr)(pixels, size, size)?.data
}

describe('the way in', () => {
  test('an invitation lets one browser in, once, and leaves the address bar at once', async () => {
    const { page: address, peer } = await serve()
    const owner = await openOwned(address)
    await go(owner.page, 'Invitations')
    await owner.page.getByLabel('Note for yourself').fill('my phone')
    await button(owner.page, 'Make an invitation').click()
    const link = await owner.page.getByLabel('Link, to open in a browser').innerText()
    expect(link).toMatch(new RegExp(`^${address}#invite=[A-Za-z0-9_-]{43}$`))
    const drawing = owner.page.getByRole('img', { name: 'QR code of the link' })
    expect(readDrawing((await drawing.locator('path').getAttribute('d')) ?? '')).toBe(link)
    expect(await accessibilityProblems(owner.page)).toEqual([])
    expect(await takePictures(owner.page, 'invitation')).toEqual([])

    peer.isOurs = false
    const phone = await openOwned(link)
    await heading(phone.page, 'Requests').waitFor()
    expect(phone.page.url()).toBe(address)
    expect(await phone.page.evaluate('history.length')).toBeLessThanOrEqual(2)
    // It is paired now, and needs the link no more.
    await phone.page.reload()
    await heading(phone.page, 'Requests').waitFor()

    const thief = await openOwned(address)
    await heading(thief.page, 'Waiting for the owner').waitFor()
    // Where the page stands already, the link loads nothing anew.
    await thief.page.goto(link)
    await thief.page.getByText('The invitation in this link was used already').first().waitFor()
    await heading(thief.page, 'Waiting for the owner').waitFor()
    expect(thief.page.url()).toBe(address)
    await owner.page.getByText(/Used by Console, Chrome on Linux/).waitFor()
  }, 60_000)

  test('a browser from elsewhere shows its code and waits; approved, it goes on by itself', async () => {
    const { page: address, peer, url } = await serve()
    peer.isOurs = false
    const { page } = await openOwned(address)
    await heading(page, 'Waiting for the owner').waitFor()
    const code = await page.locator('output.code').innerText()
    expect(code).toMatch(/^\d{4}-\d{4}$/)
    const command = await page.getByLabel('Command to approve this console').innerText()
    expect(command).toMatch(/^latchkey approve [\w-]+ --digest [0-9a-f]{64}$/)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'waiting')).toEqual([])

    peer.isOurs = true
    const { client } = await admittedAs(url, createDeviceIdentity(), OWNER)
    const [, requestId = '', digest = ''] = /approve (\S+) --digest (\S+)/.exec(command) ?? []
    const approval = await client.request('device.pair.approve', { requestId, digest, code })
    expect(approval.ok).toBe(true)
    peer.isOurs = false
    await heading(page, 'Requests').waitFor()
    client.close()
  }, 60_000)

  test('asks for the shared secret where there is one', async () => {
    const { page: address } = await serve({ auth: { mode: 'password', password: 'correct horse' } })
    const { page } = await openOwned(address)
    await heading(page, 'This gateway asks for its password').waitFor()
    await page.getByLabel('The shared password').fill('wrong horse')
    await button(page, 'Connect').click()
    await page.getByText('That was not the password.').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    await page.getByLabel('The shared password').fill('correct horse')
    await button(page, 'Connect').click()
    await heading(page, 'Requests').waitFor()
  }, 60_000)

  test('a vanished gateway: the page says so, and comes back', async () => {
    const [port = 0] = await freePorts(1)
    const store = memoryStore()
    const kept = { ...store, close: () => Promise.resolve() }
    const first = await serve({ store: kept }, port)
    const { page, complaints } = await openOwned(first.page)
    await heading(page, 'Requests').waitFor()
    for (const undo of cleanUp.splice(0).reverse()) await undo()
    await page.getByText('The gateway does not answer').waitFor()
    await serve({ store: kept }, port)
    await page.getByText('The gateway does not answer').waitFor({ state: 'hidden' })
    await knock(first.url, 'After the storm', ['operator.read'])
    await cardOf(page, 'After the storm').waitFor()
    // The browser itself notes each attempt; nothing else may be noted.
    const own = complaints.splice(0).filter((text) => !/WebSocket connection to .* failed/.test(text))
    expect(own).toEqual([])
  }, 60_000)

  test('cannot be framed', async () => {
    const { page: address } = await serve()
    const framing = createServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end(`<!doctype html><iframe src="${address}"></iframe>`)
    })
    const port = await listen(framing)
    cleanUp.push(() => stop(framing))
    const context = await browser().newContext()
    const { page, complaints } = await openTab(context, `http://127.0.0.1:${port}/`)
    await until(() => complaints.some((text) => text.includes("frame-ancestors 'none'")))
    expect(page.frames().map((frame) => frame.url())).not.toContain(address)
    await context.close()
  }, 60_000)
})

test("on this machine the command's own page is let in by the kernel's word", async () => {
  const folder = scratchFolder()
  const served = await serveByCommand(folder.path)
  cleanUp.push(async () => {
    await served.stop()
    folder.remove()
  })
  const { page } = await openOwned(`http://127.0.0.1:${served.port}/gateway/console`)
  await heading(page, 'Requests').waitFor()
  await go(page, 'Devices')
  await cardOf(page, 'Let in silently on this machine').waitFor()
  expect(served.output()).toContain(`The owner's console: http://127.0.0.1:${served.port}/gateway/console`)
}, 60_000)

describe('behind a real nginx, under a path of its own', () => {
  test('says which option is missing; with it, waits, and is let in over the proxy', async () => {
    const [port = 0] = await freePorts(1)
    const nginx = await startNginx({
      user: 'www-data',
      addresses: ['127.0.0.1'],
      servers: [
        {
          module: 'http',
          lines: ['rewrite ^/home/(.*)$ /$1 break;', `proxy_pass http://127.0.0.1:${port};`, ...RECOMMENDED],
        },
      ],
    })
    cleanUp.push(() => nginx.stop())
    const origin = `http://127.0.0.1:${nginx.ports[0] ?? 0}`
    const address = `${origin}/home/gateway/console`
    await serve({ locality: { trustProxy: ['loopback'] } }, port)
    const refused = await openOwned(address)
    await heading(refused.page, 'The gateway answers, but not to this page').waitFor()
    await refused.page.getByText(`allowedOrigins: ['${origin}']`).waitFor()
    expect(await accessibilityProblems(refused.page)).toEqual([])
    // The page tries again by itself: what it is told then belongs here, too.
    await refused.page.goto('about:blank')
    expect(
      refused.complaints.splice(0).filter((text) => !/WebSocket connection to .* failed/.test(text)),
    ).toEqual([])
    await cleanUp.pop()?.()

    const { url } = await serve({ locality: { trustProxy: ['loopback'], allowedOrigins: [origin] } }, port)
    const { page } = await openOwned(`${address}/`)
    await heading(page, 'Waiting for the owner').waitFor()
    expect(page.url()).toBe(address)
    const { client } = await admittedAs(url, createDeviceIdentity(), OWNER)
    const list = await client.request('device.pair.list')
    const [pending] = list.payload?.pending as { requestId: string; digest: string; locality: object }[]
    expect(pending?.locality).toMatchObject({ reason: 'local' })
    const { requestId, digest } = pending ?? {}
    expect((await client.request('device.pair.approve', { requestId, digest })).ok).toBe(true)
    await heading(page, 'Requests').waitFor()
    client.close()
  }, 90_000)
})
