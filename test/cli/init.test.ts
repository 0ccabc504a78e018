import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { runCli, scratchFolder, startProgram, type Served } from './cli-process.ts'

const MAIN = path.resolve(import.meta.dirname, '../../dist/cli/main.js')

let folder: ReturnType<typeof scratchFolder>
let file: string
beforeEach(() => {
  folder = scratchFolder()
  file = path.join(folder.path, 'latchkey.config.mjs')
})
afterEach(() => folder.remove())

function serveWith(...flags: string[]): Promise<Served> {
  const args = [MAIN, 'serve', '--config', file, ...flags]
  return startProgram(args, /listens on ws:\/\/127\.0\.0\.1:(\d+)\/gateway/)
}

async function refusal(content: string): Promise<string> {
  writeFileSync(file, content)
  const { code, stderr } = await runCli([
    'serve',
    '--config',
    file,
    '--port',
    '0',
    '--state-dir',
    folder.path,
  ])
  expect(code).toBe(1)
  return stderr
}

test('init writes a configuration that serves as it is, and never replaces a file', async () => {
  const written = await runCli(['init', file])
  expect(written).toMatchObject({ code: 0, stderr: '' })
  expect(written.stdout).toContain('latchkey serve --config')
  const served = await serveWith('--port', '0', '--state-dir', path.join(folder.path, 'state'))
  const call = await runCli(['call', 'health', '--url', served.url, '--home', folder.path])
  expect(call.code).toBe(0)
  expect(await served.stop()).toBe(0)
  const again = await runCli(['init', file])
  expect(again.code).toBe(1)
  expect(again.stderr).toMatch(/it exists already, and was left as it is/)
})

test('every setting of the template is one that is known', async () => {
  await runCli(['init', file])
  // A line of a comment that begins as a setting does.
  const all = readFileSync(file, 'utf8').replaceAll(/^( *)\/\/ (\w+: .*,)$/gm, '$1$2')
  expect(all).not.toMatch(/\/\/ \w+: .*,$/m)
  writeFileSync(
    file,
    // There is no such database.
    all
      .replace(/^ *store: .*$/m, '')
      .replace("'./run/gateway.sock'", JSON.stringify(path.join(folder.path, 'run', 'gw.sock'))),
  )
  const served = await serveWith('--port', '0', '--state-dir', path.join(folder.path, 'state'))
  // The gateway says so a moment later.
  for (let n = 0; n < 500 && !served.output().includes('ws+unix:'); n += 1) await sleep(20)
  expect(served.output()).toContain('ws+unix:')
  expect(await served.stop()).toBe(0)
})

test('what stands in the file counts, and a flag wins over it', async () => {
  const stateDir = JSON.stringify(path.join(folder.path, 'state'))
  writeFileSync(
    file,
    `export default { port: 0, stateDir: ${stateDir}, gateway: { silent: { mode: 'never' } } }`,
  )
  const served = await serveWith()
  const call = await runCli(['call', 'health', '--url', served.url, '--home', folder.path])
  expect(call.code).toBe(3)
  await served.stop()
  writeFileSync(file, `export default { port: 1, host: '127.0.0.1', stateDir: ${stateDir} }`)
  const flagged = await serveWith('--port', '0')
  expect(flagged.port).toBeGreaterThan(1)
  await flagged.stop()
})

test.each([
  ['export default 7', /has no default export/],
  ['export const a = 1', /has no default export/],
  ['export default {', /cannot be run/],
  ['export default { prot: 1 }', /did you mean port\?/],
  ["export default { port: '1' }", /port: expected a number, got "1"/],
  ['export default { port: 70000 }', /port: expected a number from 0 to 65535/],
  ['export default { gateway: { store: {} } }', /gateway\.store is the command's own/],
  ["export default { gateway: { silnet: 'x' } }", /did you mean silent\?/],
])('%s is refused', async (content, message) => {
  expect(await refusal(content)).toMatch(message)
})

test('a file that is not there is named', async () => {
  const missing = path.join(folder.path, 'nothing.mjs')
  const { code, stderr } = await runCli(['serve', '--config', missing])
  expect(code).toBe(1)
  expect(stderr).toContain(missing)
})
