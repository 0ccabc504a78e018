import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { memoryStore } from '../../lib/index.ts'
import type { PairingStore } from '../../lib/pairing/index.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import { button, cardOf, cleanUp, go, heading, knock, openOwned, serve, useBrowser } from './served-console.ts' // prettier-ignore

useBrowser()

/** A store in which the last entry of the log is another one from the moment on that `isOn` is true. */
function tamperedStore(tamper: { readonly isOn: boolean }): PairingStore {
  const store = memoryStore()
  return {
    ...store,
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          ...tx,
          async lastAuditEntry() {
            const last = await tx.lastAuditEntry()
            return last === null || !tamper.isOn ? last : { ...last, details: '{}', hash: '0'.repeat(64) }
          },
        }),
      ),
  }
}

const REFUSED_SOCKET = /WebSocket connection to .* failed|net::ERR_/

describe('what stands before the door', () => {
  test('connecting, unreachable: says so, passes axe-core, and goes on by itself', async () => {
    const [port = 0] = await freePorts(1)
    const store = memoryStore()
    const kept = { ...store, close: () => Promise.resolve() }
    const { page: address } = await serve({ store: kept }, port)
    const opened = await openOwned('about:blank')
    // The page has come, and its WebSocket gets no answer.
    await opened.page.routeWebSocket(/gateway/, () => undefined)
    await opened.page.goto(address)
    await heading(opened.page, 'Connecting').waitFor()
    expect(await accessibilityProblems(opened.page)).toEqual([])
    expect(await takePictures(opened.page, 'gate-connecting')).toEqual([])

    const { page, complaints } = await openOwned('about:blank')
    let isCut = true
    await page.routeWebSocket(/gateway/, (socket) =>
      isCut ? void socket.close() : void socket.connectToServer(),
    )
    await page.route('**/whoami', (route) => (isCut ? route.abort() : route.continue()))
    await page.goto(address)
    await heading(page, 'The gateway does not answer').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'gate-unreachable')).toEqual([])
    isCut = false
    await heading(page, 'Requests').waitFor()
    expect(complaints.splice(0).filter((text) => !REFUSED_SOCKET.test(text))).toEqual([])
  }, 120_000)

  test('a browser without what it takes: says what is missing, and tries again when asked', async () => {
    const { page: address } = await serve()
    const { page } = await openOwned('about:blank')
    await page.addInitScript(
      `const { generateKey } = SubtleCrypto.prototype
       SubtleCrypto.prototype.generateKey = async () => { throw new DOMException('no', 'NotSupportedError') }
       globalThis.repair = () => { SubtleCrypto.prototype.generateKey = generateKey }`,
    )
    await page.goto(address)
    await heading(page, 'This console cannot connect').waitFor()
    await page.getByText(/no Ed25519/).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'gate-failed')).toEqual([])
    await page.evaluate('repair()')
    await button(page, 'Try again').click()
    await heading(page, 'Requests').waitFor()
  }, 60_000)

  test('an invitation that is over: says so, and waits for the owner in its place', async () => {
    let nowMs = Date.now()
    const { page: address, gateway, peer } = await serve({ clock: { now: () => nowMs } })
    const { bootstrapToken } = await gateway.invite({ scopes: ['operator.admin'], ttlMs: 60_000 })
    nowMs += 61_000
    peer.isOurs = false
    const { page } = await openOwned(`${address}#invite=${bootstrapToken}`)
    await page.getByText('The invitation in this link was used already, or is too old.').first().waitFor()
    await heading(page, 'Waiting for the owner').waitFor()
    expect(page.url()).toBe(address)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'gate-link-over')).toEqual([])
  }, 60_000)
})

describe('behind the door', () => {
  test('three wrong codes reject the request, and the page says so', async () => {
    const { page: address, url } = await serve({ approval: { codeFor: ['operator.write'] } })
    const { page } = await openOwned(address)
    const { code, identity } = await knock(url, 'Guesser', ['operator.write'])
    const card = cardOf(page, 'Guesser')
    const wrong = ['0000-0000', '1111-1111', '2222-2222', '3333-3333'].filter((one) => one !== code)
    for (const [index, typed] of wrong.slice(0, 3).entries()) {
      await card.getByLabel('Type the code').fill(typed)
      await button(card, 'Approve').click()
      if (index < 2) await card.getByText('This is not the code that the device shows.').waitFor()
    }
    await page.getByText(/rejected/).first().waitFor()
    await card.waitFor({ state: 'detached' })
    const { answer } = await connectAs(url, identity, { scopes: ['operator.write'] }, FORWARDED)
    expect(answer.ok).toBe(false)
  }, 60_000) // prettier-ignore

  test('the log shows real entries as text, live, and says when it was changed behind the gateway', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-log-'))
    cleanUp.push(() => {
      rmSync(folder, { recursive: true, force: true })
      return Promise.resolve()
    })
    const tamper = { isOn: false }
    const { page: address, url } = await serve({
      store: tamperedStore(tamper),
      auditKey: { file: path.join(folder, 'key.json') },
    })
    const { page } = await openOwned(address)
    await heading(page, 'Requests').waitFor()
    const evil = '<img src=x onerror=alert(1)>\u202E'
    const ask = { scopes: ['operator.read'], client: { displayName: evil } }
    const { client } = await connectAs(url, createDeviceIdentity(), ask, FORWARDED)
    client.close()
    await button(cardOf(page, '<img'), 'Reject').waitFor()
    await go(page, 'Log')
    await page.getByText('in silently').first().waitFor()
    const tool = await admittedAs(url, createDeviceIdentity(), { client: { displayName: 'Live tool' } })
    await page.locator('.log').getByText('Live tool').waitFor()
    tool.client.close()
    await go(page, 'Requests')
    await button(cardOf(page, '<img'), 'Reject').click()
    await go(page, 'Log')
    await page.locator('.log').getByText('<img src=x onerror=alert(1)>').first().waitFor()
    expect(await page.locator('.log img').count()).toBe(0)
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'log-real')).toEqual([])

    // Somebody takes an entry out of the store; the gateway finds it with the next that it adds.
    tamper.isOn = true
    await go(page, 'Requests')
    await go(page, 'Log')
    await page.getByText(/This log is not as the gateway left it/).waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'log-tampered')).toEqual([])
  }, 60_000)
})
