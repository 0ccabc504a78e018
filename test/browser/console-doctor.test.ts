import { expect, test } from '@jest/globals'
import { createDeviceIdentity } from '../../lib/client/index.ts'
import { admittedAs } from '../gateway/signed-connect.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import { go, openOwned, OWNER, serve, useBrowser } from './served-console.ts'

useBrowser()

test('shows what the doctor found last, as soon as it is there, in words and as text alone', async () => {
  const { page: address, url } = await serve()
  const { page } = await openOwned(address)
  await go(page, 'Doctor')
  await page.getByText('The doctor has not been run: latchkey doctor <public URL>').waitFor()
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await takePictures(page, 'doctor-never')).toEqual([])

  const { client } = await admittedAs(url, createDeviceIdentity(), OWNER)
  const findings = [
    { check: 'node', level: 'green', saw: 'the gateway runs Node 24.18.1' },
    { check: 'trust list', level: 'yellow', saw: '10.0.0.0/8: 10.0.0.0/8 is a whole network', advice: 'Name the proxies themselves.' },
    { check: 'probe https://gateway.example', level: 'red', saw: 'LOOKS LOCAL: arrives from 127.0.0.1, loopback, local', advice: 'Let the proxy set X-Forwarded-For and pass Host on.' },
    { check: '<img src=x onerror=alert(1)>', level: 'yellow', saw: `<script>alert(2)</script> ${'x'.repeat(400)}`, advice: '<a href="javascript:alert(3)">here</a>' },
  ]
  expect((await client.request('doctor.findings.set', { findings, leftOut: 2 })).ok).toBe(true)
  const items = page.locator('.findings > li')
  await items.nth(3).waitFor()
  const shown = await items.allInnerTexts()
  expect(shown.map((text) => text.split('\n')[0])).toEqual([
    'Wrong probe https://gateway.example',
    'Look at it trust list',
    'Look at it <img src=x onerror=alert(1)>',
    'As it should be node',
  ])
  expect(shown[0]).toContain('Advice: Let the proxy set X-Forwarded-For and pass Host on.')
  expect(shown[2]).toContain('Advice: <a href="javascript:alert(3)">here</a>')
  expect(await page.locator('main img, main script, main a').count()).toBe(0)
  await page.getByText('1 wrong, 2 to look at, 1 as it should be').waitFor()
  await page.getByText('2 more were found than are kept').waitFor()
  expect(await page.getByText('has not been run').isVisible()).toBe(false)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await takePictures(page, 'doctor')).toEqual([])

  // The warning leads there.
  await go(page, 'Requests')
  await client.request('locality.taint.set', { why: 'a probe came in looking local' })
  await page.getByRole('link', { name: 'What the doctor found' }).click()
  await page.getByRole('heading', { level: 1, name: 'Doctor' }).waitFor()
  client.close()
}, 90_000) // prettier-ignore
