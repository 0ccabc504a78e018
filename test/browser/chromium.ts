import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'

/** Debian's. */
const EXECUTABLE = '/usr/bin/chromium'
/** Names it maps to loopback, and which are no secure context. */
export const INSECURE_HOST = 'insecure.test'

export type Browser = {
  /** A tab on this page, in which the client is loaded; `null` waits for nothing but the page. */
  open(url: string, until?: string | null): Promise<Page>
  close(): Promise<void>
}

/** A browser with a profile of its own, which leaves the network beyond loopback alone. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'latchkey-chromium-'))
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`,
    ],
  })
  return {
    async open(url, until = 'globalThis.latchkey !== undefined') {
      const page = await context.newPage()
      await page.goto(url)
      if (until !== null) await page.waitForFunction(until)
      return page
    },
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
