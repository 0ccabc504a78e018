import { expect, test } from '@jest/globals'
import { AuthFailures, type Bucket } from '../../lib/gateway/auth-failures.ts'
import { parseLimits } from '../../lib/gateway/limits.ts'

test('of those who come in the same moment no more are looked at than allowed', async () => {
  const seen: string[] = []
  const failures = new AuthFailures(parseLimits({ authFailures: 3 }), {
    onFailure: (reason) => seen.push(reason),
    onUsedUp: ({ key }) => seen.push(`used up: ${key}`),
  })
  const bucket: Bucket = { kind: 'network', key: '203.0.113.1' }
  const attempt = (): Promise<boolean> =>
    failures.inTurn(async () => {
      if ((await failures.usedUpForMs([bucket])) !== null) return false
      await failures.count([bucket], 'shared-secret')
      return true
    })
  const looked = await Promise.all(Array.from({ length: 50 }, attempt))
  expect(looked.filter(Boolean)).toHaveLength(3)
  expect(seen).toEqual(['shared-secret', 'shared-secret', 'shared-secret', 'used up: 203.0.113.1'])
  failures.close()
})

test('a turn that fails does not stop the next one', async () => {
  const failures = new AuthFailures(parseLimits(), { onFailure: () => undefined, onUsedUp: () => undefined })
  await expect(failures.inTurn(() => Promise.reject(new Error('the store is gone')))).rejects.toThrow('gone')
  expect(await failures.inTurn(() => Promise.resolve('next'))).toBe('next')
  failures.close()
})
