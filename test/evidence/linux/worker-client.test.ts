import { afterEach, describe, expect, it } from '@jest/globals'
import type { Question } from '../../../lib/evidence/linux/inspect-connections.ts'
import { workerClient } from '../../../lib/evidence/linux/worker-client.ts'

const script = new URL('specimens/failing-worker.mjs', import.meta.url)
const connection = { localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0, inode: null }
const wish = (number: number): Question[] => [{ connection, peerUsers: [number] }]

describe('workerClient', () => {
  const client = workerClient(60_000, script)
  afterEach(() => client.close())

  it.each([
    ['ends', 1],
    ['throws', 2],
    ['reports a failure', 4],
  ])('rejects when the thread %s, and starts another', async (_title, number) => {
    await expect(client.snapshot(wish(number))).rejects.toThrow('the snapshot failed')
    await expect(client.snapshot(wish(0))).resolves.toEqual([{ status: 'same-user' }])
  })

  it('rejects when the thread hangs, and starts another', async () => {
    const impatient = workerClient(1500, script)
    await expect(impatient.snapshot(wish(3))).rejects.toThrow('the snapshot failed')
    await expect(impatient.snapshot(wish(0))).resolves.toEqual([{ status: 'same-user' }])
    await impatient.close()
  })

  it('can be started ahead, and more than once', async () => {
    const early = workerClient(60_000, script)
    early.start()
    early.start()
    await expect(early.snapshot(wish(0))).resolves.toHaveLength(1)
    await early.close()
  })

  it('leaves it to the first question to say that no thread can be started', async () => {
    const nowhere = workerClient(60_000, new URL('https://example.com/'))
    nowhere.start()
    await expect(nowhere.snapshot(wish(0))).rejects.toThrow()
  })

  it('rejects what cannot be sent', async () => {
    const unsendable = { connection, peerUsers: [() => 0] } as unknown as Question
    await expect(client.snapshot([unsendable])).rejects.toThrow()
    await expect(client.snapshot(wish(0))).resolves.toHaveLength(1)
  })

  it('rejects what is under way when it is closed, and can be closed twice', async () => {
    const answer = expect(client.snapshot(wish(3))).rejects.toThrow('the snapshot failed')
    await client.close()
    await client.close()
    await answer
  })
})
