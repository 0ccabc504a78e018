import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { startBrowser, type Browser } from '../browser/chromium.ts'
import { serveExample, type ServedExample } from './example-program.ts'

jest.setTimeout(180_000)

let example: ServedExample
let browser: Browser
/** A tunnel that ends on this machine: whoever comes through it may be anywhere. */
let tunnel: Server
const ends = new Set<Socket>()
beforeAll(async () => {
  example = await serveExample('browser-page')
  browser = await startBrowser()
  const port = Number(new URL(example.url).port)
  tunnel = createServer((client) => {
    const onward = connect(port, '127.0.0.1')
    client.pipe(onward).pipe(client)
    for (const end of [client, onward]) ends.add(end.on('error', () => [client, onward].forEach((each) => each.destroy()))) // prettier-ignore
  })
  await new Promise<void>((resolve) => tunnel.listen(0, '127.0.0.1', resolve))
}, 120_000)
afterAll(async () => {
  await browser.close()
  tunnel.close()
  for (const end of ends) end.destroy()
  await example.stop()
})

// The policy of the page forbids to evaluate text, so it is looked at from outside.
const open = (origin: string): Promise<Page> => browser.open(origin, null)
const waitFor = (page: Page, id: string, hasText: string | RegExp): Promise<void> =>
  page.locator(`#${id}`).filter({ hasText }).waitFor({ timeout: 60_000 })

test('a page on this machine is paired silently, and is the same device after a reload', async () => {
  const page = await open(example.url.replace('ws:', 'http:').replace('/gateway', '/'))
  await waitFor(page, 'notes', 'water the plants')
  expect(await page.textContent('#state')).toBe('connected')
  await page.reload()
  await waitFor(page, 'notes', 'water the plants')
  const devices = JSON.parse((await example.cli('devices', '--json')).stdout) as { displayName?: string }[]
  expect(devices.filter(({ displayName }) => displayName === 'the page of notes')).toHaveLength(1)
  await page.close()
})

test('a page that comes through a tunnel shows its code, and the notes once the owner has approved it', async () => {
  const page = await open(`http://127.0.0.1:${(tunnel.address() as AddressInfo).port}/`)
  await waitFor(page, 'state', 'waiting-for-approval')
  await waitFor(page, 'advice', /Verification code \d{4}-\d{4}/)
  const code = /\d{4}-\d{4}/.exec((await page.textContent('#advice')) ?? '')?.[0]
  const [request] = JSON.parse((await example.cli('requests', '--json')).stdout) as {
    requestId: string
    digest: string
    verificationCode: string
  }[]
  expect(request?.verificationCode).toBe(code)
  const approve = ['approve', request?.requestId ?? '', '--digest', request?.digest ?? '']
  expect((await example.cli(...approve)).code).toBe(0)
  await waitFor(page, 'notes', 'water the plants')
  expect(await page.isHidden('#advice')).toBe(true)
  await page.close()
})
