import { createServer } from 'node:http'
import express from 'express'
import helmet from 'helmet'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Browser, Locator, Page } from 'playwright-core'
import { connectGateway, createDeviceIdentity, PairingRequiredError } from '../../lib/client/index.ts'
import { createGateway, memoryStore, type Gateway, type GatewayOptions } from '../../lib/index.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { listen, stop, until } from '../gateway/running-gateway.ts'
import { startNginx } from '../proxies/nginx.ts'
import { freePorts } from '../proxies/free-ports.ts'
import {
  accessibilityProblems,
  launchBrowser,
  openConsole,
  openTab,
  takePictures,
  type ConsolePage,
} from './console-page.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }
const OWNER = { scopes: ['operator.admin'] }

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
})

const open: ConsolePage[] = []
const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  const complaints = open.flatMap((console) => console.complaints)
  for (const { context } of open.splice(0)) await context.close()
  for (const undo of cleanUp.splice(0).reverse()) await undo()
  expect(complaints).toEqual([])
})

type Served = { gateway: Gateway; port: number; page: string; url: string; peer: { isOurs: boolean } }

/** A gateway in an app beside helmet. The browser counts as local until `peer.isOurs` is false. */
async function serve(options: Partial<GatewayOptions> = {}, port?: number): Promise<Served> {
  const peer = { isOurs: true }
  const lookup = () => Promise.resolve({ status: peer.isOurs ? 'same-user' : 'relay' } as const)
  const gateway = await createGateway({
    store: memoryStore(),
    logger: QUIET,
    peerLookup: { name: 'test', lookup, close: () => Promise.resolve() },
    ...options,
  })
  const app = express()
  app.use(helmet())
  app.use('/gateway', gateway.routes())
  const server = createServer(app)
  gateway.attach(server, { path: '/gateway' })
  if (port === undefined) port = await listen(server)
  else await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  cleanUp.push(async () => {
    await gateway.close()
    await stop(server)
  })
  return {
    gateway,
    port,
    page: `http://127.0.0.1:${port}/gateway/console`,
    url: `ws://127.0.0.1:${port}/gateway`,
    peer,
  }
}

async function openOwned(page: string): Promise<ConsolePage> {
  const opened = await openConsole(browser, page)
  open.push(opened)
  return opened
}

const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name })
const cardOf = (page: Page, name: string): Locator => page.locator('.card', { hasText: name })
const button = (place: Locator | Page, name: string): Locator => place.getByRole('button', { name })

async function go(page: Page, section: string): Promise<void> {
  await page.getByRole('link', { name: section }).click()
  await heading(page, section).waitFor()
}

async function confirm(page: Page, action: string): Promise<void> {
  await button(page.getByRole('dialog'), action).click()
}

/** A device from elsewhere that asks to be let in; gives its verification code. */
async function knock(
  url: string,
  displayName: string,
  scopes: string[],
  identity = createDeviceIdentity(),
): Promise<{ identity: typeof identity; code: string }> {
  const attempt = connectGateway({ url, identity, scopes, client: { displayName }, headers: FORWARDED })
  const error: unknown = await attempt.then(
    (connection) => connection.close(),
    (reason: unknown) => reason,
  )
  if (!(error instanceof PairingRequiredError)) throw new Error(`not refused: ${String(error)}`)
  return { identity, code: error.verificationCode ?? '' }
}

describe('the console', () => {
  test('from the knock to the closed door: shown without a reload, code typed, approved, revoked', async () => {
    const { page: address, url } = await serve({ approval: { codeFor: ['operator.write'] } })
    const { page } = await openOwned(address)
    await heading(page, 'Requests').waitFor()
    await page.getByText('Nobody is waiting').waitFor()

    const { identity, code } = await knock(url, "Ada's laptop", ['operator.write'])
    const card = cardOf(page, "Ada's laptop")
    await card.waitFor()
    expect(await page.title()).toBe('(1) Requests – Latchkey')
    const text = await card.innerText()
    expect(text).toContain(identity.deviceId.slice(0, 4))
    expect(text).toContain('It holds nothing so far.')
    expect(text).toContain('Somebody passed it on, and that somebody is no proxy that you trust.')
    // What has to be typed is not there to be copied.
    expect(await page.content()).not.toContain(code)

    await button(card, 'Approve').click()
    await card.getByText('Type the eight digits that the device shows.').waitFor()
    await card.getByLabel('Type the code').fill(code === '0000-0000' ? '1111-1111' : '0000-0000')
    await button(card, 'Approve').click()
    await card.getByText('This is not the code that the device shows.').waitFor()
    await card.getByLabel('Type the code').fill(code)
    await button(card, 'Approve').click()
    await card.waitFor({ state: 'detached' })
    await page.getByText("Approved: Ada's laptop.").waitFor()

    const connection = await connectGateway({ url, identity, scopes: ['operator.write'], headers: FORWARDED })
    await go(page, 'Devices')
    const device = cardOf(page, "Ada's laptop")
    await button(device, 'Revoke').click()
    await confirm(page, 'Revoke')
    expect((await connection.closed).code).toBe(4001)
  }, 60_000)

  test('approves less than asked, and for a time', async () => {
    const { page: address, url } = await serve()
    const { page } = await openOwned(address)
    const { identity } = await knock(url, 'Scanner', ['operator.read', 'operator.write'])
    const card = cardOf(page, 'Scanner')
    await card.getByLabel('operator.write').uncheck()
    await card.getByLabel('Approve', { exact: false }).selectOption('for a day')
    await button(card, 'Approve 2 of these').click()
    await page.getByText('Approved: Scanner, for 24 hours.').waitFor()
    const { client } = await admittedAs(url, identity, { scopes: ['operator.read'] }, FORWARDED)
    const { answer } = await connectAs(url, identity, { scopes: ['operator.write'] }, FORWARDED)
    expect(answer.error?.details).toMatchObject({
      reason: 'scope-upgrade',
      approvedScopes: ['operator.read'],
    })
    client.close()
    // It asks for more now: what it has and what that adds are told apart.
    const again = cardOf(page, 'You have approved it for')
    await again.waitFor()
    expect(await again.innerText()).toMatch(/operator\.write\s+adds/)
  }, 60_000)

  test('shows what a changed request adds, and approves nothing that was not shown', async () => {
    const { page: address, url } = await serve()
    const { page } = await openOwned(address)
    const { identity } = await knock(url, 'Climber', ['operator.read'])
    await cardOf(page, 'Climber').waitFor()
    // It asks for more between the look and the click: this page does not hear of it in time.
    await page.evaluate(() => {
      const { send } = WebSocket.prototype
      WebSocket.prototype.send = function (data) {
        if (String(data).includes('device.pair.approve')) setTimeout(() => send.call(this, data), 1000)
        else send.call(this, data)
      }
    })
    await button(cardOf(page, 'Climber'), 'Approve').click()
    await knock(url, 'Climber', ['operator.admin'], identity)
    await page
      .getByText('Nothing was approved: the device now asks for operator.admin too.')
      .first()
      .waitFor()
    const changed = page.getByText('it now asks for operator.admin too')
    await changed.waitFor()
    const { answer } = await connectAs(url, identity, { scopes: ['operator.read'] }, FORWARDED)
    expect(answer.ok).toBe(false)
  }, 60_000)

  test('two owners decide at once: one wins, the other is told', async () => {
    const { page: address, url } = await serve()
    const first = await openOwned(address)
    const second = await openOwned(address)
    await heading(first.page, 'Requests').waitFor()
    await heading(second.page, 'Requests').waitFor()
    await knock(url, 'Printer', ['operator.read'])
    await cardOf(second.page, 'Printer').waitFor()
    await button(cardOf(first.page, 'Printer'), 'Reject').click()
    await second.page.getByText('The request of Printer was rejected.').waitFor()
    await cardOf(second.page, 'Printer').waitFor({ state: 'detached' })

    // Both click before either has heard of the other.
    await knock(url, 'Plotter', ['operator.read'])
    const cards = [cardOf(first.page, 'Plotter'), cardOf(second.page, 'Plotter')] as const
    await Promise.all(cards.map((card) => card.waitFor()))
    await Promise.all([button(cards[0], 'Approve').click(), button(cards[1], 'Reject').click()])
    const told = [first.page, second.page].map((page) =>
      page
        .getByText(/Plotter|Somebody else was faster/)
        .last()
        .waitFor(),
    )
    await Promise.all(told)
    await Promise.all(cards.map((card) => card.waitFor({ state: 'detached' })))
  }, 60_000)

  test('an invitation lets one browser in, once, and leaves the address bar at once', async () => {
    const { page: address, peer } = await serve()
    const owner = await openOwned(address)
    await go(owner.page, 'Invitations')
    await owner.page.getByLabel('Note for yourself').fill('my phone')
    await button(owner.page, 'Make an invitation').click()
    const link = await owner.page.getByLabel('Link, to open in a browser').innerText()
    expect(link).toMatch(new RegExp(`^${address}#invite=[A-Za-z0-9_-]{43}$`))
    await owner.page.getByRole('img', { name: 'QR code of the link' }).waitFor()
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

    const thief = await openOwned(link)
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

  test('hostile names are inert', async () => {
    const { page: address, url } = await serve()
    const { page } = await openOwned(address)
    await heading(page, 'Requests').waitFor()
    const names = [
      '<img src=x onerror=alert(1)>',
      '"><script>alert(2)</script>',
      'ada\u202Egpj.exe',
      '\u2067\u2066hidden',
      'раypal',
    ]
    for (const name of names) {
      // A raw client: ours would not say such a thing.
      const ask = { scopes: ['operator.read'], client: { displayName: name } }
      const { client } = await connectAs(url, createDeviceIdentity(), ask, FORWARDED)
      client.close()
    }
    const titles = page.locator('.request h3')
    await until(async () => (await titles.count()) === names.length)
    const shown = await titles.allInnerTexts()
    expect(shown[0]).toBe('<img src=x onerror=alert(1)>')
    expect(shown[1]).toBe('"><script>alert(2)</script>')
    expect(shown.join('')).not.toMatch(/\p{Cf}/u)
    expect(await page.locator('img, .request script').count()).toBe(0)
    await cardOf(page, 'This name mixes letters of several scripts').waitFor()
    // Approved, they stand among the devices.
    for (const _ of names) {
      const first = page.locator('.request').first()
      const title = await first.locator('h3').innerText()
      await first.getByLabel('I know this device by its key').check()
      await button(first, 'Approve').click()
      await page.locator('.request h3', { hasText: title }).waitFor({ state: 'detached' })
    }
    await go(page, 'Devices')
    await cardOf(page, '<img src=x onerror=alert(1)>').waitFor()
    expect(await page.locator('img').count()).toBe(0)
  }, 60_000)

  test('ignores, hears again, renames, removes, takes back what was silent, clears the taint', async () => {
    const { page: address, url } = await serve()
    const { page } = await openOwned(address)
    const { identity } = await knock(url, 'Nuisance', ['operator.read'])
    await button(cardOf(page, 'Nuisance'), 'Ignore this key').click()
    await confirm(page, 'Ignore')
    await page.getByText('Ignored keys (1)').click()
    await button(page, 'Hear it again').click()
    await page.getByText('Ignored keys (1)').waitFor({ state: 'hidden' })
    await knock(url, 'Nuisance', ['operator.read'], identity)
    await cardOf(page, 'Nuisance').waitFor()

    const tool = await admittedAs(url, createDeviceIdentity(), {
      scopes: ['operator.read'],
      client: { displayName: 'Local tool' },
    })
    await go(page, 'Devices')
    const device = cardOf(page, 'Local tool')
    await device.waitFor()
    await button(device, 'Rename').click()
    await device.getByLabel('Name').fill('Backup job')
    await button(device, 'Save').click()
    const renamed = cardOf(page, 'Backup job')
    await button(renamed, 'Rotate token').click()
    await page.getByText('Backup job gets a new token when it connects next.').waitFor()
    await button(renamed, 'Remove').click()
    await confirm(page, 'Cancel')
    await button(renamed, 'Remove').click()
    await confirm(page, 'Remove')
    expect((await tool.client.closed).code).toBe(4001)
    await renamed.waitFor({ state: 'detached' })

    const other = await admittedAs(url, createDeviceIdentity(), OWNER)
    const taint = { why: 'the probe of https://gateway.example came in looking local' }
    expect((await other.client.request('locality.taint.set', taint)).ok).toBe(true)
    await go(page, 'Requests')
    await page.reload()
    await page.getByText('the probe of https://gateway.example came in looking local').waitFor()
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
    const context = await browser.newContext()
    const { page, complaints } = await openTab(context, `http://127.0.0.1:${port}/`)
    await until(() => complaints.some((text) => text.includes("frame-ancestors 'none'")))
    expect(page.frames().map((frame) => frame.url())).not.toContain(address)
    await context.close()
  }, 60_000)
})

describe('the looks', () => {
  test('each view passes axe-core in light and dark, and fits a phone and a desktop', async () => {
    const { page: address, url, peer } = await serve({ approval: { codeFor: ['operator.admin'] } })
    const { page } = await openOwned(address)
    await heading(page, 'Requests').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'requests-empty')).toEqual([])

    const { identity } = await knock(url, "Ada's laptop", ['operator.read'])
    await button(cardOf(page, "Ada's laptop"), 'Approve').click()
    await page.getByText('Nobody is waiting').waitFor()
    const { client } = await admittedAs(url, createDeviceIdentity(), {
      role: 'node',
      scopes: [],
      client: { displayName: 'Camera by the door' },
    })
    await knock(url, "Ada's laptop", ['operator.write'], identity)
    await knock(url, 'Build agent', ['operator.admin'])
    peer.isOurs = false
    const old = { scopes: ['operator.read'], client: { displayName: 'раypal' } }
    const { client: older } = await connectAs(url, createDeviceIdentity(), old, FORWARDED)
    older.close()
    await until(async () => (await page.locator('.request').count()) === 3)
    await page.locator('.request summary').first().click()
    await button(page.locator('.request').nth(1), 'Approve').click()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'requests')).toEqual([])

    await go(page, 'Devices')
    await page.locator('.device summary').first().click()
    await button(cardOf(page, 'Camera by the door'), 'Rename').click()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'devices')).toEqual([])
    await button(cardOf(page, 'Camera by the door'), 'Remove').click()
    await page.getByRole('dialog').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'dialog')).toEqual([])
    await page.keyboard.press('Escape')
    client.close()
  }, 90_000)

  test('everything can be reached and seen with the keyboard', async () => {
    const { page: address, url } = await serve()
    const { page } = await openOwned(address)
    await knock(url, 'Typist', ['operator.read'])
    const card = cardOf(page, 'Typist')
    await card.waitFor()
    const reached: string[] = []
    for (let step = 0; step < 14; step += 1) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate<{ name: string; outline: string }>(
        '({ name: document.activeElement.innerText || document.activeElement.id, outline: getComputedStyle(document.activeElement).outlineStyle })',
      )
      reached.push(name)
      expect([name, outline]).toEqual([name, 'solid'])
      if (name === 'Ignore this key') break
    }
    expect(reached).toEqual(
      expect.arrayContaining(['Skip to the content', 'Devices', 'Approve', 'Reject', 'Ignore this key']),
    )
    await button(card, 'Approve').focus()
    await page.keyboard.press('Enter')
    await card.waitFor({ state: 'detached' })
  }, 60_000)
})

describe('behind a real nginx, under a path of its own', () => {
  test('says which option is missing; with it, waits, and is let in over the proxy', async () => {
    const [port = 0] = await freePorts(1)
    const nginx = await startNginx({
      user: 'www-data',
      addresses: ['127.0.0.1'],
      servers: [
        {
          module: 'http',
          lines: [
            'rewrite ^/home/(.*)$ /$1 break;',
            `proxy_pass http://127.0.0.1:${port};`,
            'proxy_http_version 1.1;',
            'proxy_set_header Upgrade $http_upgrade;',
            'proxy_set_header Connection $connection_upgrade;',
            'proxy_set_header Host $host;',
            'proxy_set_header X-Forwarded-For $remote_addr;',
            'proxy_set_header X-Forwarded-Proto $scheme;',
          ],
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
    expect(
      refused.complaints.splice(0).filter((text) => !/WebSocket connection to .* failed/.test(text)),
    ).toEqual([])
    await refused.context.close()
    open.splice(0)
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
