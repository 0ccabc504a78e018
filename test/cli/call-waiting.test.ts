import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { scriptedGateway, type Message } from '../client/scripted-gateway.ts'
import { challenge, newExchange, ownersCode, refuseForPairing } from '../client/verifying-gateway.ts'
import { until } from '../gateway/running-gateway.ts'
import { runCli, scratchFolder, serve } from './cli-process.ts'

let folder: ReturnType<typeof scratchFolder>
beforeAll(() => {
  folder = scratchFolder()
})
afterAll(() => folder.remove())

const home = (): string[] => ['--home', path.join(folder.path, 'home')]

describe('latchkey call for a device that has to wait', () => {
  test('--wait prints what the owner has to do on stderr, and the answer once it is approved', async () => {
    const gateway = await serve(folder.path)
    const at = ['--url', gateway.url, ...home()]
    const call = runCli(['call', 'health', '--wait', '60', '--header', 'X-Forwarded-For: 203.0.113.7', ...at])
    const pending: { requestId: string; digest: string }[] = []
    await until(async () => {
      const { stdout } = await runCli(['requests', '--json', ...at])
      pending.push(...(JSON.parse(stdout) as typeof pending))
      return pending.length > 0
    })
    const { requestId = '', digest = '' } = pending[0] ?? {}
    expect((await runCli(['approve', requestId, '--digest', digest, ...at])).code).toBe(0)
    const { code, stdout, stderr } = await call
    expect({ code, answer: JSON.parse(stdout) as unknown }).toEqual({ code: 0, answer: expect.objectContaining({ ok: true }) as unknown }) // prettier-ignore
    expect(stderr).toMatch(/^Waiting for the owner: pairing required/)
    expect(stderr).toContain(`latchkey approve ${requestId} --digest ${digest}`)
    expect(await gateway.stop()).toBe(0)
  })

  test('shows the verification code, with and without --wait and in JSON', async () => {
    const exchange = newExchange('request-1')
    const gateway = await scriptedGateway(async (visitor) => {
      const { id } = await challenge(visitor, visitor.number === 1 ? exchange : newExchange('unused'))
      refuseForPairing(visitor, id, exchange)
    })
    const call = (...more: string[]) => runCli(['call', 'health', ...more, '--url', gateway.url, ...home()])
    const plain = await call()
    expect(plain).toMatchObject({ code: 3, stdout: '' })
    expect(plain.stderr).toContain(
      `  Verification code ${ownersCode(exchange)}: the owner sees the same one beside your request.\n`,
    )
    const waited = await call('--wait', '0.5')
    expect(waited.code).toBe(3)
    expect(waited.stderr.split(ownersCode(exchange))).toHaveLength(3)
    const told = JSON.parse((await call('--json')).stdout) as { error: object }
    expect(told.error).toMatchObject({ code: 'NOT_PAIRED', verificationCode: ownersCode(exchange) })
    await gateway.close()
  })

  test.each(['soon', '-1', '1e9'])('--wait %s is wrong usage', async (wait) => {
    const { code, stderr } = await runCli(['call', 'health', '--wait', wait, ...home()])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/Expected seconds/) as unknown,
    })
  })
})

describe('the shared secret', () => {
  test.each<[string, Record<string, string>, object | undefined]>([
    ['a token', { LATCHKEY_TOKEN: 't' }, { token: 't' }],
    ['a password', { LATCHKEY_PASSWORD: 'p' }, { password: 'p' }],
    ['none', {}, undefined],
    ['an empty one', { LATCHKEY_TOKEN: '' }, undefined],
  ])('comes from the environment: %s', async (_what, env, auth) => {
    const connect = Promise.withResolvers<Message>()
    const gateway = await scriptedGateway(async (visitor) => {
      connect.resolve(await visitor.admit())
      visitor.answer((await visitor.next()).id, 'done')
    })
    expect(await runCli(['call', 'health', '--url', gateway.url, ...home()], env)).toMatchObject({ code: 0 })
    expect((await connect.promise).params).toMatchObject({ role: 'operator', scopes: ['operator.read', 'operator.write'] }) // prettier-ignore
    expect((await connect.promise).params.auth).toEqual(auth)
    await gateway.close()
  })
})
