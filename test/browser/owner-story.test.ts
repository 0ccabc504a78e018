import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { runCli, scratchFolder, serve } from '../cli/cli-process.ts'
import { freePorts } from '../proxies/free-ports.ts'
import { RECOMMENDED } from '../proxies/nginx-recipes.ts'
import { startNginx } from '../proxies/nginx.ts'
import { describeWith } from '../proxies/required-programs.ts'
import { secondHost } from '../proxies/second-host.ts'
import { accessibilityProblems, takePictures } from './console-page.ts'
import { button, cardOf, cleanUp, confirm, go, heading, openOwned, useBrowser } from './served-console.ts'

const DEVICE = path.join(import.meta.dirname, 'children/device.ts')

type Step = {
  readonly step: string
  readonly code?: string | number
  readonly deviceId?: string
  reason?: string
}

/** Runs `children/device.ts`, and gives its steps one after the other. */
function startDevice(prefix: readonly string[], url: string, name: string): () => Promise<Step> {
  const [program, ...args] = [...prefix, process.execPath, '--no-warnings', DEVICE, url, name]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  cleanUp.push(() => {
    child.kill('SIGKILL')
    return ended
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the device ended')
    return JSON.parse(value) as Step
  }
} // prettier-ignore

useBrowser()

describeWith(['nginx', 'second host'], 'the whole story, through nginx and under a path of its own', () => {
  test('a device on a second host knocks, is seen, approved by its code, connected, revoked and put out', async () => {
    const folder = scratchFolder()
    cleanUp.push(() => {
      folder.remove()
      return Promise.resolve()
    })
    const second = secondHost()
    cleanUp.push(() => {
      second.close()
      return Promise.resolve()
    })
    const [port = 0] = await freePorts(1)
    const nginx = await startNginx({
      user: 'www-data',
      addresses: ['127.0.0.1', second.nearAddress],
      servers: [
        {
          module: 'http',
          lines: ['rewrite ^/home/(.*)$ /$1 break;', `proxy_pass http://127.0.0.1:${port};`, ...RECOMMENDED],
        },
      ],
    })
    cleanUp.push(() => nginx.stop())
    const proxied = nginx.ports[0] ?? 0
    const origin = `http://127.0.0.1:${proxied}`
    const config = path.join(folder.path, 'latchkey.config.mjs')
    writeFileSync(config, "export default { gateway: { approval: { codeFor: ['operator.write'] } } }\n")
    const options = ['--config', config, '--port', String(port), '--trust-proxy', 'loopback', '--allowed-origin', origin] // prettier-ignore
    const served = await serve(folder.path, ...options)
    cleanUp.push(() => served.stop())

    // The owner's browser comes through nginx too, so it is approved on the host, by the command that it shows.
    const { page } = await openOwned(`${origin}/home/gateway/console`)
    await heading(page, 'Waiting for the owner').waitFor()
    const command = await page.getByLabel('Command to approve this console').innerText()
    const code = await page.locator('output.code').innerText()
    const [, ...words] = command.split(' ')
    const cli = ['--url', served.url, '--home', path.join(folder.path, 'owner')]
    const approval = await runCli([...words, '--code', code, ...cli])
    expect([approval.stderr, approval.code]).toEqual(['', 0])
    await heading(page, 'Requests').waitFor({ timeout: 60_000 })
    await page.getByText('Nobody is waiting').waitFor()

    const nextStep = startDevice(second.prefix, `ws://${second.nearAddress}:${proxied}/home/gateway`, 'Ada’s laptop') // prettier-ignore
    const waiting = await nextStep()
    expect(waiting.step).toBe('waiting')
    const card = cardOf(page, 'Ada’s laptop')
    await card.waitFor({ timeout: 60_000 })
    const text = await card.innerText()
    expect(text).toContain(`from ${second.address}`)
    expect(text).toContain('It called this machine by a public name, as visitors do.')
    expect(text.replaceAll(/\s/g, '')).toContain(waiting.deviceId?.slice(0, 16))
    expect(await takePictures(page, 'story-1-knock')).toEqual([])

    await card.getByLabel('Type the code').fill(String(waiting.code))
    await button(card, 'Approve').click()
    await page.getByText('Approved: Ada’s laptop.').waitFor()
    await card.waitFor({ state: 'detached' })
    expect(await nextStep()).toMatchObject({ step: 'connected', answer: { ok: true } })

    await go(page, 'Devices')
    const device = cardOf(page, 'Ada’s laptop')
    // Nobody reloads: the gateway says that it has come.
    await device.getByText('Connected now.').waitFor({ timeout: 60_000 })
    expect(await accessibilityProblems(page)).toEqual([])
    expect(await takePictures(page, 'story-2-connected')).toEqual([])

    await button(device, 'Revoke').click()
    await confirm(page, 'Revoke')
    expect(await nextStep()).toEqual({ step: 'closed', code: 4001, reason: 'token revoked' })
    await cardOf(page, 'It holds nothing any more').waitFor()
    expect(await takePictures(page, 'story-3-revoked')).toEqual([])
  }, 240_000)
})
