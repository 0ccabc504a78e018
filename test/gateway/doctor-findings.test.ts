import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { callGateway, createDeviceIdentity } from '../../lib/client/index.ts'
import { sqliteStore } from '../../lib/index.ts'
import { runGateway } from './running-gateway.ts'

const clean: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const undo of clean.splice(0).reverse()) await undo()
})

const FINDING = {
  check: 'probe https://gateway.example',
  level: 'red',
  saw: 'LOOKS LOCAL',
  advice: 'Do this.',
}

function call(url: string, method: string, params: unknown, scope = 'operator.admin'): Promise<unknown> {
  const identity = createDeviceIdentity()
  return callGateway({ url, identity, scopes: [scope], method, params, timeoutMs: 10_000 })
}
const get = (url: string): Promise<unknown> => call(url, 'doctor.findings.get', {})
const set = (url: string, params: unknown): Promise<unknown> => call(url, 'doctor.findings.set', params)

test('the last run is kept, over a restart too', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-doctor-'))
  clean.push(async () => {
    rmSync(folder, { recursive: true })
    await Promise.resolve()
  })
  const file = path.join(folder, 'latchkey.db')
  let running = await runGateway({ store: await sqliteStore(file) })
  expect(await get(running.url)).toEqual({ run: null })
  await set(running.url, { findings: [FINDING, FINDING], leftOut: 3 })
  const green = { check: 'taint', level: 'green', saw: 'none' }
  const before = Date.now()
  const { ranAtMs } = (await set(running.url, { findings: [green], leftOut: 0 })) as { ranAtMs: number }
  expect(Math.abs(ranAtMs - before)).toBeLessThan(600_000)
  await running.close()
  running = await runGateway({ store: await sqliteStore(file) })
  expect(await get(running.url)).toEqual({ run: { ranAtMs, findings: [green], leftOut: 0 } })
  await running.close()
})

test('neither read nor written without operator.admin', async () => {
  const running = await runGateway()
  clean.push(() => running.close())
  const params = { findings: [FINDING], leftOut: 0 }
  for (const [method, given] of [['doctor.findings.set', params], ['doctor.findings.get', {}]] as const)
    for (const scope of ['operator.pairing', 'operator.read'])
      await expect(call(running.url, method, given, scope)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await get(running.url)).toEqual({ run: null })
}) // prettier-ignore

test.each([
  ['nothing', undefined],
  ['no findings', { findings: [], leftOut: 0 }],
  ['too many findings', { findings: Array.from({ length: 101 }, () => FINDING), leftOut: 0 }],
  ['no number of those left out', { findings: [FINDING] }],
  ['a negative number', { findings: [FINDING], leftOut: -1 }],
  ['a time of its own', { findings: [FINDING], leftOut: 0, ranAtMs: 1 }],
  ['another level', { findings: [{ ...FINDING, level: 'purple' }], leftOut: 0 }],
  ['one field more', { findings: [{ ...FINDING, html: '<b>' }], leftOut: 0 }],
  ['no check', { findings: [{ ...FINDING, check: '' }], leftOut: 0 }],
  ['a long check', { findings: [{ ...FINDING, check: 'x'.repeat(129) }], leftOut: 0 }],
  ['a long text', { findings: [{ ...FINDING, saw: 'x'.repeat(513) }], leftOut: 0 }],
  ['a long advice', { findings: [{ ...FINDING, advice: 'x'.repeat(513) }], leftOut: 0 }],
  ['a pile of accents', { findings: [{ ...FINDING, saw: `x${'\u0301'.repeat(1000)}` }], leftOut: 0 }],
  ['an escape sequence', { findings: [{ ...FINDING, saw: 'a \u001B[2J' }], leftOut: 0 }],
  ['text that runs backwards', { findings: [{ ...FINDING, advice: 'a \u202E b' }], leftOut: 0 }],
  ['two lines', { findings: [{ ...FINDING, check: 'a\nb' }], leftOut: 0 }],
  ['half a character', { findings: [{ ...FINDING, saw: 'a \uD800' }], leftOut: 0 }],
])('refuses %s, and keeps what was there', async (_what, params) => {
  const running = await runGateway()
  clean.push(() => running.close())
  await set(running.url, { findings: [FINDING], leftOut: 0 })
  await expect(set(running.url, params)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(await get(running.url)).toMatchObject({ run: { findings: [FINDING] } })
})

test('takes a hundred of the longest', async () => {
  const running = await runGateway()
  clean.push(() => running.close())
  const longest = { check: 'x'.repeat(128), level: 'yellow', saw: 'é'.repeat(512), advice: 'z'.repeat(512) }
  const findings = Array.from({ length: 100 }, () => longest)
  await set(running.url, { findings, leftOut: 1_000_000 })
  expect(await get(running.url)).toMatchObject({ run: { findings } })
})
