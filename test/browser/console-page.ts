import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

const ARTEFACTS = path.resolve(import.meta.dirname, '../../artefacts/console')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
]

/** A name of the attacker's, which has been rebound to loopback. */
export const REBOUND_HOST = 'rebound.example'
/** A machine in the owner's network, without TLS: to a browser no secure context. */
export const LAN_HOST = 'server.lan.example'

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${REBOUND_HOST} 127.0.0.1,MAP ${LAN_HOST} 127.0.0.1`,
    ],
  })
}

export type ConsolePage = {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complained of: errors, warnings, violations of the policy. */
  readonly complaints: string[]
}

/** A browser profile of its own, so a device of its own, with the console open. */
export async function openConsole(browser: Browser, url: string): Promise<ConsolePage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' })
  return openTab(context, url)
}

/** One more page of the same profile. */
export async function openTab(context: BrowserContext, url: string): Promise<ConsolePage> {
  const page = await context.newPage()
  const complaints: string[] = []
  let changes = 0
  page.on('console', (message) => {
    // Chromium gives up what it loads when an interface of the machine comes or goes, as those of other tests do.
    if (message.text().includes('ERR_NETWORK_CHANGED')) changes += 1
    else if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('dialog', (dialog) => {
    complaints.push(`a script asked: ${dialog.message()}`)
    void dialog.dismiss()
  })
  for (let before = -1; before !== changes;) {
    before = changes
    await page.goto(url).catch((error: unknown) => {
      if (!String(error).includes('ERR_NETWORK_CHANGED')) throw error
      changes += 1
    })
  }
  return { context, page, complaints }
}

type AxeResults = { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }

/** What axe-core has to say of the page as it stands, in light and in dark. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(AXE)
    const { violations } = await page.evaluate<AxeResults>('axe.run(document)')
    for (const { id, nodes } of violations)
      for (const { html, failureSummary } of nodes)
        found.push(`${colorScheme} ${id}: ${html} ${failureSummary}`)
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
  return found
}

/**
 * Pictures for people to look at, as a phone and a desktop show the page, in light and in dark.
 *
 * @param fullPage false for one that is as long as a hundred screens
 * @returns the widths at which something has to be scrolled sideways
 */
export async function takePictures(page: Page, name: string, fullPage = true): Promise<number[]> {
  mkdirSync(ARTEFACTS, { recursive: true })
  const tooNarrow: number[] = []
  for (const size of SIZES) {
    await page.setViewportSize(size)
    const isTooWide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
    if (await page.evaluate<boolean>(isTooWide)) tooNarrow.push(size.width)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.evaluate('scrollTo(0, 0)')
      const file = path.join(ARTEFACTS, `${name}-${size.width}-${colorScheme}.png`)
      await page.screenshot({ path: file, fullPage })
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: null })
  return tooNarrow
}
