import { createServer } from 'node:http'
import express from 'express'
import helmet from 'helmet'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { connectGateway, createDeviceIdentity, PairingRequiredError } from '../../lib/client/index.ts'
import { createGateway, memoryStore, type Gateway, type GatewayOptions } from '../../lib/index.ts'
import { listen, stop } from '../gateway/running-gateway.ts'
import { FORWARDED } from '../gateway/signed-connect.ts'
import { launchBrowser, openConsole, type ConsolePage } from './console-page.ts'

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined }
export const OWNER = { scopes: ['operator.admin'] }

let launched: Browser
const open: ConsolePage[] = []
/** What a test has started, to be ended after it. */
export const cleanUp: (() => Promise<unknown>)[] = []

/** A browser for the tests of a file. After each, whatever the browser complained of is a failure. */
export function useBrowser(): void {
  beforeAll(async () => {
    launched = await launchBrowser()
  }, 60_000)
  afterAll(async () => {
    await launched.close()
  })
  afterEach(async () => {
    const complaints = open.flatMap((console) => console.complaints)
    for (const { context } of open.splice(0)) await context.close()
    for (const undo of cleanUp.splice(0).reverse()) await undo()
    expect(complaints).toEqual([])
  })
}

export function browser(): Browser {
  return launched
}

/** What the server answered to a request that was no upgrade. */
export type Answer = { readonly method: string; readonly url: string; readonly status: number }

export type Served = {
  gateway: Gateway
  port: number
  page: string
  url: string
  peer: { isOurs: boolean }
  answers: Answer[]
}

/** A gateway in an app beside helmet. The browser counts as local until `peer.isOurs` is false. */
export async function serve(options: Partial<GatewayOptions> = {}, port?: number): Promise<Served> {
  const peer = { isOurs: true }
  const lookup = () => Promise.resolve({ status: peer.isOurs ? 'same-user' : 'relay' } as const)
  const gateway = await createGateway({
    store: memoryStore(),
    logger: QUIET,
    peerLookup: { name: 'test', lookup, close: () => Promise.resolve() },
    ...options,
  })
  const app = express()
  const answers: Answer[] = []
  app.use((request, response, next) => {
    const { method, originalUrl: url } = request
    response.on('finish', () => answers.push({ method, url, status: response.statusCode }))
    next()
  })
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
    answers,
  }
}

export async function openOwned(page: string): Promise<ConsolePage> {
  const opened = await openConsole(launched, page)
  open.push(opened)
  return opened
}

export const heading = (page: Page, name: string): Locator => page.getByRole('heading', { level: 1, name })
export const cardOf = (page: Page, name: string): Locator => page.locator('.card', { hasText: name })
export const button = (place: Locator | Page, name: string): Locator => place.getByRole('button', { name })

export async function go(page: Page, section: string): Promise<void> {
  await page.getByRole('link', { name: section }).click()
  await heading(page, section).waitFor()
}

export async function confirm(page: Page, action: string): Promise<void> {
  await button(page.getByRole('dialog'), action).click()
}

/** A device from elsewhere that asks to be let in; gives its verification code. */
export async function knock(
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

/** Keeps back what the page decides, until it is released: as a slow line does. */
export async function holdDecisions(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => {
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const { send } = WebSocket.prototype
    const held: (() => void)[] = []
    WebSocket.prototype.send = function (data) {
      if (typeof data === 'string' && /device\.pair\.(approve|reject)/.test(data))
        held.push(() => send.call(this, data))
      else send.call(this, data)
    }
    Object.assign(globalThis, {
      release: () => {
        WebSocket.prototype.send = send
        for (const go of held) go()
      },
    })
  })
  return () => page.evaluate('release()')
}
