import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { gatewayUrl, inviteIn, inviteLink, setupCode, whoamiUrl } from '../../lib/admin/console/addresses.ts'
import { browserName } from '../../lib/admin/console/browser-name.ts'
import { localityStory } from '../../lib/admin/console/locality-story.ts'
import { gain } from '../../lib/admin/console/scopes-in-words.ts'
import { ago, countdown, duration } from '../../lib/admin/console/time-in-words.ts'

describe('addresses', () => {
  test.each([
    ['http://127.0.0.1:4747/gateway/console', 'ws://127.0.0.1:4747/gateway'],
    ['https://gateway.example/gateway/console?x=1#/devices', 'wss://gateway.example/gateway'],
    ['https://gateway.example:8443/a/sub/gateway/console', 'wss://gateway.example:8443/a/sub/gateway'],
    ['http://[::1]:4747/console', 'ws://[::1]:4747/'],
  ])('of the page %s, the WebSocket is %s', (page, url) => {
    expect(gatewayUrl(new URL(page)).href).toBe(url)
    expect(whoamiUrl(new URL(page)).pathname).toMatch(/^(\/[a-z/]+)?\/whoami$/)
  })

  test('an invitation survives its own link', () => {
    const page = new URL('https://gateway.example/sub/gateway/console#/invitations')
    const link = inviteLink(page, 'aB3-_x')
    expect(link).toBe('https://gateway.example/sub/gateway/console#invite=aB3-_x')
    expect(inviteIn(new URL(link))).toBe('aB3-_x')
    expect(inviteIn(page)).toBeNull()
    expect(inviteIn(new URL('https://gateway.example/console#invite=%3Cscript%3E'))).toBeNull()
    expect(JSON.parse(Buffer.from(setupCode(page, 'aB3-_x'), 'base64url').toString())).toEqual({
      url: 'wss://gateway.example/sub/gateway',
      bootstrapToken: 'aB3-_x',
    })
  })
})

test('there is a sentence for each reason of a verdict', () => {
  const source = readFileSync(path.resolve(import.meta.dirname, '../../lib/locality/verdict.ts'), 'utf8')
  const [, union = ''] = /type LocalityReason =([\s\S]*?)\n\n/.exec(source) ?? []
  const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason = '']) => reason)
  expect(reasons.length).toBe(23)
  for (const reason of reasons)
    expect(localityStory({ reason, trace: [] }).sentence).toMatch(/^[A-Z].{20,}\.$/)
  // From a newer gateway.
  expect(localityStory({ reason: 'constructor', trace: [] }).sentence).toBe('constructor')
})

test('what a request gains is what it does not hold', () => {
  const held = [{ role: 'operator', scopes: ['operator.read'] }]
  const asks = [
    { role: 'node', scopes: [] },
    { role: 'operator', scopes: ['operator.read', 'operator.write'] },
  ]
  expect(gain(asks, held)).toEqual({ roles: ['node'], scopes: ['operator.write'] })
})

test('times are said as people say them', () => {
  expect([
    duration(1000),
    duration(61_000),
    duration(120_000),
    duration(7_200_000),
    duration(200_000_000),
  ]).toEqual(['1 second', '61 seconds', '2 minutes', '2 hours', '2 days'])
  expect([ago(1000, 2000), ago(0, 60_000), ago(5000, 0)]).toEqual(['just now', '60 seconds ago', 'just now'])
  expect([countdown(245_000), countdown(-5)]).toEqual(['4:05', '0:00'])
})

test('a console calls itself by its browser', () => {
  const agent =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36'
  expect(browserName(agent)).toBe('Console, Chrome on Linux')
  expect(browserName('curl/8')).toBe('Console, a browser')
})
