import { describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { until } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import { button, cardOf, go, heading, knock, openOwned, serve, OWNER, useBrowser } from './served-console.ts'

useBrowser()

/** How many lines the links to the sections take, at a width in pixels. */
async function linesOfSections(page: Page, width: number): Promise<number> {
  const before = page.viewportSize()
  await page.setViewportSize({ width, height: 844 })
  const links = await page.getByRole('navigation').getByRole('link').all()
  const tops = await Promise.all(links.map(async (link) => (await link.boundingBox())?.y))
  expect(tops).toHaveLength(5)
  if (before !== null) await page.setViewportSize(before)
  return new Set(tops).size
}

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
    expect(await linesOfSections(page, 390)).toBe(1)

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

test('the log is offered where the gateway has one', async () => {
  const { page: address, url, gateway } = await serve()
  const { client, hello } = await admittedAs(url, createDeviceIdentity(), OWNER)
  const { methods } = hello.features as { methods: string[] }
  const entry = { seq: 1, atMs: Date.now(), kind: 'silent-grant', actor: 'x', deviceId: null, details: '{}' }
  if (!methods.includes('audit.list')) {
    const without = await openOwned(address)
    await heading(without.page, 'Requests').waitFor()
    expect(await without.page.getByRole('link', { name: 'Log' }).count()).toBe(0)
    gateway.method('audit.list', { scope: 'operator.admin' }, () => ({ entries: [entry], doubt: null }))
  }
  const { page } = await openOwned(address)
  await go(page, 'Log')
  await page.getByText('in silently').first().waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await takePictures(page, 'log')).toEqual([])
  client.close()
}, 60_000)
