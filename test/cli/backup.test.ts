import { existsSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { runCli, scratchFolder, serve, type CliResult, type Served } from './cli-process.ts'

let folder: ReturnType<typeof scratchFolder>
let gateway: Served | null
beforeEach(async () => {
  folder = scratchFolder()
  gateway = await serve(folder.path)
})
afterEach(async () => {
  await gateway?.stop()
  folder.remove()
})

const stateDir = (): string[] => ['--state-dir', path.join(folder.path, 'state')]
function cli(...args: string[]): Promise<CliResult> {
  const url = gateway === null ? [] : ['--url', gateway.url]
  return runCli([...args, ...url, '--home', path.join(folder.path, 'home')])
}

const namesOf = async (): Promise<string[]> => {
  const { stdout } = await cli('devices', '--json')
  return (JSON.parse(stdout) as { displayName: string }[]).map((device) => device.displayName).sort()
}

test('a backup is made while the gateway serves, and restored once it has stopped', async () => {
  const copy = path.join(folder.path, 'monday.db')
  await cli('devices')
  const made = await cli('backup', copy, ...stateDir(), '--json')
  expect(JSON.parse(made.stdout)).toMatchObject({ file: copy, bytes: expect.any(Number) })
  expect(made.code).toBe(0)
  await cli('call', 'health')
  expect(await namesOf()).toEqual(['latchkey call', "owner's command line"])

  const tooEarly = await cli('restore', copy, ...stateDir())
  expect(tooEarly).toMatchObject({ code: 1, stdout: '' })
  expect(tooEarly.stderr).toMatch(/is open in .*Stop the gateway first/)

  await gateway?.stop()
  gateway = null
  const restored = await cli('restore', copy, ...stateDir())
  expect(restored).toMatchObject({ code: 0, stderr: '' })
  expect(restored.stdout).toMatch(/^Restored .*latchkey\.db\.\nWhat was there is now .*before-restore-/)
  gateway = await serve(folder.path)
  expect(await namesOf()).toEqual(["owner's command line"])
})

test('a backup replaces no file, and one of nothing says what is missing', async () => {
  const copy = path.join(folder.path, 'monday.db')
  expect((await cli('backup', copy, ...stateDir())).code).toBe(0)
  const again = await cli('backup', copy, ...stateDir())
  expect(again.code).toBe(1)
  expect(again.stderr).toMatch(/monday\.db exists already: name a new file/)
  const nothing = await cli('backup', path.join(folder.path, 'x.db'), '--state-dir', folder.path)
  expect(nothing.stderr).toMatch(/latchkey\.db is not available: there is no such file/)
  expect(existsSync(path.join(folder.path, 'x.db'))).toBe(false)
})
