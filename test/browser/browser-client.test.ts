import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { scriptedGateway } from '../client/scripted-gateway.ts'
import { challenge, newExchange, ownersCode, refuseForPairing } from '../client/verifying-gateway.ts'
import { INSECURE_HOST, startBrowser, type Browser } from './chromium.ts'
import { servePage, type PageServer } from './served-page.ts'

let folder: string
let browser: Browser
let local: PageServer
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-page-'))
  local = await servePage({ storeFile: path.join(folder, 'local.db'), silent: 'always' })
  browser = await startBrowser()
}, 120_000)
afterAll(async () => {
  await browser.close()
  await local.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the body of an async function in the page; `latchkey` is the client, `url` the gateway of its origin. */
function run(page: Page, body: string): Promise<unknown> {
  return page.evaluate(
    `(async () => { const { latchkey } = globalThis; const url = location.origin.replace('http', 'ws') + '/gateway'; ${body} })()`,
  )
}

const TELL = `
  const tell = (error) => ({ code: error.code, message: error.message, advice: latchkey.adviceOf(error),
    isOurs: error instanceof latchkey.LatchkeyError, isPairing: error instanceof latchkey.PairingRequiredError,
    verificationCode: error.verificationCode, requestId: error.requestId, reason: error.reason });`

describe("a page on the gateway's own origin", () => {
  test('pairs and calls, and is the same device after a reload', async () => {
    const page = await browser.open(local.origin)
    const call = `
      const identity = await latchkey.browserIdentity()
      const who = await latchkey.callGateway({ url, identity, method: 'whoami' })
      return { own: identity.deviceId, publicKey: identity.publicKey, who, health: await latchkey.callGateway({ url, identity, scopes: ['operator.read'], method: 'health' }) }`
    const first = (await run(page, call)) as { own: string; who: { deviceId: string; locality: object } }
    expect(first).toMatchObject({
      own: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      health: { ok: true },
    })
    expect(first.who).toMatchObject({ deviceId: first.own, locality: { isLocal: true, silent: true } })
    await page.reload()
    await page.waitForFunction('globalThis.latchkey !== undefined')
    expect(await run(page, call)).toMatchObject({ own: first.own, health: { ok: true } })
    await page.close()
  })

  test('tabs that begin at the same time end up with one key', async () => {
    const pages = await Promise.all(Array.from({ length: 4 }, () => browser.open(local.origin)))
    const ids = await Promise.all(
      pages.map((page) =>
        run(
          page,
          `const all = await Promise.all([1, 2, 3].map(() => latchkey.browserIdentity({ name: 'tabs' })))
           return all.map(({ deviceId }) => deviceId)`,
        ),
      ),
    )
    expect(new Set(ids.flat()).size).toBe(1)
    const [page] = pages
    const others = page === undefined ? [] : await run(page, `return [await latchkey.browserIdentity(), await latchkey.browserIdentity({ name: 'other' })].map(({ deviceId }) => deviceId)`) // prettier-ignore
    expect(new Set([...(others as string[]), ids.flat()[0]]).size).toBe(3)
    await Promise.all(pages.map((tab) => tab.close()))
  })

  test('the key cannot be read out, and signs the same text alike', async () => {
    const page = await browser.open(local.origin)
    const told = await run(
      page,
      `const identity = await latchkey.browserIdentity()
       const kept = await new Promise((resolve) => { indexedDB.open('latchkey').onsuccess = ({ target }) => {
         target.result.transaction('identities').objectStore('identities').get('default').onsuccess = (event) => resolve(event.target.result) } })
       const read = await Promise.all(['pkcs8', 'jwk', 'raw'].map((format) => crypto.subtle.exportKey(format, kept.privateKey).catch((error) => error.name)))
       return { read, extractable: kept.privateKey.extractable, alike: (await identity.sign('x')) === (await identity.sign('x')) }`,
    )
    expect(told).toEqual({
      read: ['InvalidAccessError', 'InvalidAccessError', 'InvalidAccessError'],
      extractable: false,
      alike: true,
    })
    await page.close()
  })

  test('connects again when the server has restarted', async () => {
    const storeFile = path.join(folder, 'restarting.db')
    const first = await servePage({ storeFile, silent: 'always' })
    const page = await browser.open(first.origin)
    await run(
      page,
      `globalThis.states = []
       globalThis.client = latchkey.gatewayClient({ url, identity: await latchkey.browserIdentity(), backoff: { maxMs: 200, spreadMs: 200 }, onState: (state) => states.push(state) })
       await client.connected()`,
    )
    await first.close()
    await page.waitForFunction("globalThis.states.includes('waiting')")
    const second = await servePage({ storeFile, silent: 'always', port: first.port })
    expect(await run(page, `return client.request('health')`)).toMatchObject({ ok: true })
    const states = await run(page, `client.close(); return states`)
    expect(states).toEqual(expect.arrayContaining(['connected', 'waiting', 'closed']))
    await page.close()
    await second.close()
  })
})

describe('a page whose device has to wait', () => {
  test('is told so by a real gateway that pairs nobody silently', async () => {
    const never = await servePage({ storeFile: path.join(folder, 'never.db'), silent: 'never' })
    const page = await browser.open(never.origin)
    const told = await run(
      page,
      `${TELL}
       const told = []
       const client = latchkey.gatewayClient({ url, identity: await latchkey.browserIdentity(), onPairingRequired: (error) => told.push(tell(error)) })
       while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
       const { state } = client
       client.close()
       return { ...told[0], state }`,
    )
    expect(told).toMatchObject({
      code: 'NOT_PAIRED',
      isOurs: true,
      isPairing: true,
      reason: 'not-paired',
      requestId: expect.any(String) as unknown,
      state: 'waiting-for-approval',
    })
    await page.close()
    await never.close()
  })

  test('shows the code that the owner sees', async () => {
    const exchange = newExchange('request-1')
    const gateway = await scriptedGateway(async (visitor) => {
      const { id } = await challenge(visitor, exchange)
      refuseForPairing(visitor, id, exchange)
    })
    const page = await browser.open(local.origin)
    const told = (await run(
      page,
      `${TELL} const identity = await latchkey.browserIdentity()
       return latchkey.callGateway({ url: ${JSON.stringify(gateway.url)}, identity, scopes: ['operator.write', 'operator.read'], method: 'health' }).catch(tell)`,
    )) as { verificationCode: string; advice: string[] }
    expect(told.verificationCode).toBe(ownersCode(exchange))
    expect(told.advice[0]).toContain(ownersCode(exchange))
    await page.close()
    await gateway.close()
  })
})

describe('what is missing is said in one sentence', () => {
  const identityIn = (page: Page, before = ''): Promise<unknown> =>
    run(page, `${TELL} ${before}; return latchkey.browserIdentity({ name: 'new' }).catch(tell)`)

  test('a secure context', async () => {
    const page = await browser.open(`http://${INSECURE_HOST}:${local.port}/`)
    expect(await identityIn(page)).toMatchObject({
      code: 'CRYPTO_UNAVAILABLE',
      message: expect.stringMatching(/not in a secure context: open it over https/) as unknown,
      isOurs: true,
    })
    await page.close()
  })

  test('Ed25519', async () => {
    const page = await browser.open(local.origin)
    const without = `crypto.subtle.generateKey = async () => { throw new DOMException('no', 'NotSupportedError') }`
    expect(await identityIn(page, without)).toMatchObject({
      code: 'CRYPTO_UNAVAILABLE',
      message: expect.stringMatching(/no Ed25519/) as unknown,
    })
    await page.close()
  })

  test('a place to keep the key', async () => {
    const page = await browser.open(local.origin)
    const without = `IDBFactory.prototype.open = function () { const request = {}; setTimeout(() => { request.error = new DOMException('denied', 'SecurityError'); request.onerror() }); return request }`
    expect(await identityIn(page, without)).toMatchObject({
      code: 'IDENTITY_INVALID',
      message: expect.stringMatching(/keeps no key for this page.*denied/) as unknown,
    })
    await page.close()
  })

  test('foreign content where the key should be', async () => {
    const page = await browser.open(local.origin)
    const foreign = `await latchkey.browserIdentity(); await new Promise((resolve) => { indexedDB.open('latchkey').onsuccess = ({ target }) => {
      const put = target.result.transaction('identities', 'readwrite'); put.objectStore('identities').put({ privateKey: 'x' }, 'new'); put.oncomplete = resolve } })`
    expect(await identityIn(page, foreign)).toMatchObject({
      code: 'IDENTITY_INVALID',
      message: expect.stringMatching(/Clear this site's data/) as unknown,
    })
    await page.close()
  })

  test('the right to connect, for a page of another origin', async () => {
    const other = await servePage({ storeFile: path.join(folder, 'other.db'), silent: 'always' })
    const page = await browser.open(other.origin)
    const told = await run(
      page,
      `${TELL} return latchkey.callGateway({ url: 'ws://127.0.0.1:${local.port}/gateway', identity: await latchkey.browserIdentity(), method: 'health' }).catch(tell)`,
    )
    expect(told).toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      message: expect.stringMatching(/perhaps pages of this origin may not connect/) as unknown,
    })
    await page.close()
    await other.close()
  })

  test('options of Node are none of a browser', async () => {
    const page = await browser.open(local.origin)
    const told = await run(
      page,
      `${TELL} return latchkey.callGateway({ url, identity: await latchkey.browserIdentity(), method: 'health', headers: {} }).catch(tell)`,
    )
    expect(told).toMatchObject({ code: 'OPTION_UNKNOWN' })
    await page.close()
  })
})
