import { afterEach, expect, jest, test } from '@jest/globals'
import { loadDeviceIdentity } from '../../lib/client/index.ts'
import { scratchFolder } from '../cli/cli-process.ts'
import { serveExample, type ServedExample } from './example-program.ts'

jest.setTimeout(120_000)

const folder = scratchFolder()
const keyOf = (name: string): string => `${folder.path}/${name}.json`
let example: ServedExample
afterEach(async () => {
  await example.stop()
  folder.remove()
})

test('reads are silent on this machine, enrolled keys need nobody, all else asks; the store is measured', async () => {
  const enrolled = loadDeviceIdentity(keyOf('enrolled')).deviceId
  example = await serveExample('custom-store-policy', { ENROLLED: enrolled })
  const call = async (key: string, method: string, scope: string, ...more: string[]): Promise<number> =>
    (await example.cli('call', method, '--scope', scope, '--identity', keyOf(key), ...more)).code
  const far = ['--header', 'X-Forwarded-For: 203.0.113.7']

  expect(await call('near', 'notes.list', 'operator.read')).toBe(0)
  expect(await call('near', 'notes.add', 'operator.write')).toBe(3)
  expect(await call('enrolled', 'notes.add', 'operator.write', ...far)).toBe(0)
  expect(await call('enrolled', 'notes.list', 'operator.admin', ...far)).toBe(3)
  expect(await call('stranger', 'notes.list', 'operator.read', ...far)).toBe(3)

  const counted = await example.cli('call', 'store.counts', '--scope', 'operator.read', '--identity', keyOf('near')) // prettier-ignore
  const counts = JSON.parse(counted.stdout) as { transactions: number; failed: number }
  expect(counts.transactions).toBeGreaterThan(5)
})
