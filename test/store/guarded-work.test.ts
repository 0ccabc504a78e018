import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import type { PairingTransaction } from '../../lib/pairing/pairing-store.ts'
import { guardedWork } from '../../lib/store/guarded-work.ts'

test('work is not over before every operation that it began is, also when it fails', async () => {
  const log: string[] = []
  const slow = {
    async putSetting(key: string) {
      await sleep(20)
      log.push(key)
    },
  } as unknown as PairingTransaction
  await guardedWork(slow, (tx) => {
    void tx.putSetting('not awaited', '')
    return Promise.resolve()
  })
  log.push('over')
  const failing = guardedWork(slow, (tx) => {
    void tx.putSetting('not awaited either', '')
    return Promise.reject(new Error('no'))
  })
  await expect(failing).rejects.toThrow('no')
  log.push('over')
  expect(log).toEqual(['not awaited', 'over', 'not awaited either', 'over'])
})

test('an operation that fails without being awaited fails the work', async () => {
  const broken = { setting: () => Promise.reject(new Error('broken')) } as unknown as PairingTransaction
  const careless = guardedWork(broken, (tx) => {
    tx.setting('k').catch(() => undefined)
    return Promise.resolve('done')
  })
  await expect(careless).rejects.toThrow('broken')
})
