import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { admittedAs } from '../gateway/signed-connect.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { accessibilityProblems, LAN_HOST, takePictures } from './console-page.ts'
import { button, cardOf, heading, knock, openOwned, serve, OWNER, useBrowser } from './served-console.ts'

useBrowser()

const WARNING = 'This page came over plain http'

test('over plain http in a network: the console waits with its code, is approved, decides, and keeps its key', async () => {
  const [port = 0] = await freePorts(1)
  const origin = `http://${LAN_HOST}:${port}`
  const { url } = await serve({ locality: { allowedOrigins: [origin] } }, port)
  const { page, context } = await openOwned(`${origin}/gateway/console`)
  await heading(page, 'Waiting for the owner').waitFor()
  expect(await page.evaluate('isSecureContext')).toBe(false)
  await page.getByText(WARNING).waitFor()
  const code = await page.locator('.code').innerText()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await takePictures(page, 'plain-http')).toEqual([])

  const { client } = await admittedAs(url, createDeviceIdentity(), OWNER)
  const list = await client.request('device.pair.list')
  const [waiting] = (list.payload as { pending: { requestId: string; digest: string; verificationCode?: string }[] }).pending // prettier-ignore
  expect(waiting?.verificationCode).toBe(code)
  await client.request('device.pair.approve', { requestId: waiting?.requestId, digest: waiting?.digest })
  await heading(page, 'Requests').waitFor()
  await page.getByText(WARNING).waitFor()

  await knock(url, 'Printer', ['operator.read'])
  await button(cardOf(page, 'Printer'), 'Approve').click()
  await page.getByText('Approved: Printer.').waitFor()
  const key = await page.locator('.self code').innerText()
  await page.reload()
  await heading(page, 'Requests').waitFor()
  expect(await page.locator('.self code').innerText()).toBe(key)
  const tab = await context.newPage()
  await tab.goto(`${origin}/gateway/console`)
  await heading(tab, 'Requests').waitFor()
  expect(await tab.locator('.self code').innerText()).toBe(key)
  client.close()
}, 90_000)

test('elsewhere nothing is said of plain http, and the browser’s own cryptography is used', async () => {
  const { page: address } = await serve()
  const { page } = await openOwned(address)
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  await page.reload()
  await heading(page, 'Requests').waitFor()
  expect(await page.getByText(WARNING).count()).toBe(0)
  expect(asked.filter((file) => /noble|plain-http-crypto/.test(file))).toEqual([])
  expect(asked.length).toBeGreaterThan(40)
}, 60_000)
