import { describe, expect, test } from '@jest/globals'
import { connectGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { until } from '../gateway/running-gateway.ts'
import { admittedAs, connectAs, FORWARDED } from '../gateway/signed-connect.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import {
  button,
  cardOf,
  confirm,
  go,
  heading,
  holdDecisions,
  knock,
  openOwned,
  serve,
  OWNER,
  useBrowser,
} from './served-console.ts'

useBrowser()

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

    const client = { displayName: "Ada's laptop" }
    const connection = await connectGateway({
      url,
      identity,
      scopes: ['operator.write'],
      client,
      headers: FORWARDED,
    })
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
    await card.getByLabel('Valid').selectOption('for a day')
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
    // It asks for more between the click and the decision.
    const release = await holdDecisions(page)
    await button(cardOf(page, 'Climber'), 'Approve').click()
    await knock(url, 'Climber', ['operator.admin'], identity)
    await release()
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
    // Whoever decided is told once.
    await cardOf(first.page, 'Printer').waitFor({ state: 'detached' })
    await first.page.getByText('Rejected: Printer.').waitFor()
    expect(await first.page.getByText('The request of Printer was rejected.').count()).toBe(0)

    // Both click before either has heard of the other.
    const { identity } = await knock(url, 'Plotter', ['operator.read'])
    const cards = [cardOf(first.page, 'Plotter'), cardOf(second.page, 'Plotter')] as const
    await Promise.all(cards.map((card) => card.waitFor()))
    const releases = [await holdDecisions(first.page), await holdDecisions(second.page)] as const
    await button(cards[0], 'Approve').click()
    await button(cards[1], 'Reject').click()
    await releases[0]()
    await first.page.getByText('Approved: Plotter.').waitFor()
    await releases[1]()
    await second.page
      .getByText('Somebody else was faster: this request was approved already.')
      .first()
      .waitFor()
    await Promise.all(cards.map((card) => card.waitFor({ state: 'detached' })))
    const { answer, client } = await connectAs(url, identity, { scopes: ['operator.read'] }, FORWARDED)
    expect(answer.ok).toBe(true)
    client.close()
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
    const titles = page.locator('.request h2')
    await until(async () => (await titles.count()) === names.length)
    const shown = await titles.allInnerTexts()
    expect(shown[0]).toBe('<img src=x onerror=alert(1)>')
    expect(shown[1]).toBe('"><script>alert(2)</script>')
    expect(shown.join('')).not.toMatch(/\p{Cf}/u)
    expect(await page.locator('img, .request script').count()).toBe(0)
    await cardOf(page, 'This name mixes letters of several scripts').waitFor()
    // Approved, they stand among the devices.
    for (let left = names.length; left > 0; left -= 1) {
      const first = page.locator('.request').first()
      const title = await first.locator('h2').innerText()
      await first.getByLabel('I know this device by its key').check()
      await button(first, 'Approve').click()
      await page.locator('.request h2', { hasText: title }).waitFor({ state: 'detached' })
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
    await knock(url, 'Somebody', ['operator.read'])
    await page.getByText('the probe of https://gateway.example came in looking local').waitFor()
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'taint')).toEqual([])
    await button(page, 'Clear it by hand').click()
    await confirm(page, 'Clear it')
    await page.getByRole('heading', { name: 'Visitors may look' }).waitFor({ state: 'hidden' })

    await go(page, 'Devices')
    await page.getByLabel('Take back what was given silently').selectOption('ever')
    await button(page, 'Take back').click()
    await confirm(page, 'Take back')
    expect((await other.client.closed).code).toBe(4001)
    // This console was let in silently, too: it is out, and in again.
    await cardOf(page, 'It holds nothing any more').waitFor()
    await cardOf(page, 'this console').filter({ hasText: 'operator.admin' }).waitFor()
  }, 60_000)
})
