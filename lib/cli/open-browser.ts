import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { LatchkeyError } from '../errors.ts'

export type OpenedPage = {
  /** Rejects when the browser cannot be started. */
  readonly failed: Promise<never>
  /** Takes away the file that led there. */
  remove(): void
}

/** Whether there is a screen for a browser. */
export function canOpenBrowser(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): boolean {
  if (platform === 'darwin' || platform === 'win32') return true
  return [env.DISPLAY, env.WAYLAND_DISPLAY].some((display) => display !== undefined && display !== '')
}

/**
 * Opens a link that has a secret in it. Every user of a machine can read the arguments of every process, so the
 * browser is given a file that nobody else can read, which leads to the link.
 */
export function openInBrowser(link: string, home: string): OpenedPage {
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const folder = mkdtempSync(path.join(home, 'open-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  const file = path.join(folder, 'console.html')
  writeFileSync(file, redirectPage(link), { flag: 'wx', mode: 0o600 })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      remove()
      process.kill(process.pid, signal)
    })
  }
  const [program = '', ...args] = command(pathToFileURL(file).href)
  const failed = new Promise<never>((_resolve, reject) => {
    const child = spawn(program, args, { detached: true, stdio: 'ignore' })
    const fail = (why: string, cause?: unknown): void => {
      const message = `no browser can be started (${why}); \`latchkey open --print\` prints the link`
      reject(new LatchkeyError('UNAVAILABLE', message, { cause }))
    }
    child.once('error', (error) => fail(error.message, error))
    child.once('exit', (code) => {
      if (code !== 0 && code !== null) fail(`${program} ended with ${code}`)
    })
    child.unref()
  })
  return { failed, remove }
}

function command(url: string): readonly string[] {
  if (process.platform === 'darwin') return ['open', url]
  if (process.platform === 'win32') return ['cmd', '/c', 'start', '', url]
  return ['xdg-open', url]
}

function redirectPage(link: string): string {
  const text = JSON.stringify(link).replaceAll('<', '\\u003c')
  return `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>Latchkey</title>
<script>location.replace(${text})</script>
`
}
