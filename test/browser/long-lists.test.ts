import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { sqliteStore } from '../../lib/index.ts'
import { until } from '../gateway/running-gateway.ts'
import { admittedAs } from '../gateway/signed-connect.ts'
import { fillLists } from '../store/long-lists.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import { button, cardOf, cleanUp, go, heading, knock, openOwned, serve, useBrowser, type Served } from './served-console.ts' // prettier-ignore

const DEVICES = 10_000
const REQUESTS = 1000

useBrowser()

async function serveMany(): Promise<Served> {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-many-'))
  cleanUp.push(() => {
    rmSync(folder, { recursive: true, force: true })
    return Promise.resolve()
  })
  const store = await sqliteStore(path.join(folder, 'latchkey.db'))
  await fillLists(store, { devices: DEVICES, requests: REQUESTS })
  return serve({ store, limits: { maxPending: REQUESTS + 10 } })
}

const elements = (page: Page): Promise<number> => page.evaluate('document.querySelectorAll("*").length')

test('10,000 devices and 1,000 requests: the page stays small, and finds and decides what is asked for', async () => {
  const { page: address, url } = await serveMany()
  const { page } = await openOwned(address)
  await heading(page, 'Requests').waitFor({ timeout: 60_000 })
  expect(await page.title()).toBe('(1000) Requests – Latchkey')
  const cards = page.locator('.request')
  await until(async () => (await cards.count()) === 50)
  expect(await elements(page)).toBeLessThan(10_000)

  // The trace comes when it is asked for.
  const first = cards.first()
  await first.getByText('What was looked at').click()
  await first.getByText('203.0.113.7').waitFor()
  await button(first, 'Approve').click()
  await page.getByText('Approved: caller 1.').waitFor()
  await until(async () => (await page.title()) === '(999) Requests – Latchkey')
  expect(await cards.count()).toBe(50)
  await cardOf(page, 'caller 51').waitFor()

  await page.getByLabel('Search').fill('caller 987')
  await until(async () => (await cards.count()) === 1)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await takePictures(page, 'requests-searched', false)).toEqual([])
  await button(cardOf(page, 'caller 987'), 'Reject').click()
  await page.getByText('Nothing fits “caller 987”.').waitFor()
  await page.getByLabel('Search').fill('')
  await until(async () => (await cards.count()) === 50)
  await button(page, 'Show 50 more').click()
  await until(async () => (await cards.count()) === 100)

  // One more who knocks is told of, though it is far down.
  await knock(url, 'The thousandth', ['operator.read'])
  await until(async () => (await page.title()) === '(999) Requests – Latchkey')

  await go(page, 'Devices')
  const devices = page.locator('.device')
  await until(async () => (await devices.count()) === 50)
  expect(await elements(page)).toBeLessThan(20_000)
  // Who is connected stands above all others, and comes by itself.
  const { client } = await admittedAs(url, createDeviceIdentity(), { client: { displayName: 'Just came' } })
  await cardOf(page, 'Just came').getByText('Connected now.').waitFor()
  await page.getByLabel('Search').fill('device 9999')
  await until(async () => (await devices.count()) === 1)
  await button(devices.first(), 'Rename').click()
  await devices.first().getByLabel('Name').fill('Kiosk in the hall')
  await button(devices.first(), 'Save').click()
  await page.getByText('Renamed to Kiosk in the hall.').waitFor()
  await page.getByLabel('Search').fill('kiosk in')
  await until(async () => (await devices.count()) === 1)
  expect(await accessibilityProblems(page)).toEqual([])
  await page.getByLabel('Search').fill('')
  await until(async () => (await devices.count()) === 50)
  expect(await takePictures(page, 'devices-many', false)).toEqual([])
  await button(page, 'Show 50 more').click()
  await until(async () => (await devices.count()) === 100)
  expect(await elements(page)).toBeLessThan(20_000)
  client.close()
}, 180_000)
