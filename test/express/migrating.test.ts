import { readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import express, { type Express } from 'express'
import request from 'supertest'
import { localClient, requireLocalClient } from '../../lib/index.ts'

const page = readFileSync(path.resolve(import.meta.dirname, '../../docs/migrating.md'), 'utf8')

/** An app of the code on the page. */
function appOf(name: 'before' | 'after'): Express {
  const code = new RegExp(`<!-- tested: ${name} -->\\s+\`\`\`js\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? ''
  const app = express()
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const mount = new Function('app', 'localClient', 'requireLocalClient', code) as (
    ...args: readonly unknown[]
  ) => void
  mount(app, localClient, requireLocalClient)
  return app
}

let before: Express
let after: Express
beforeAll(() => {
  before = appOf('before')
  after = appOf('after')
})

test('docs/migrating.md: both let this machine in', async () => {
  for (const app of [before, after]) {
    expect((await request(app).get('/admin')).text).toBe('the keys of the house')
    expect((await request(app).get('/')).text).toBe('welcome home')
  }
})

test('docs/migrating.md: what comes through a proxy is let in before, and refused after', async () => {
  const header = ['X-Forwarded-For', '203.0.113.7'] as const
  expect(
    (
      await request(before)
        .get('/admin')
        .set(...header)
    ).status,
  ).toBe(200)
  expect(
    (
      await request(after)
        .get('/admin')
        .set(...header)
    ).status,
  ).toBe(403)
  expect(
    (
      await request(before)
        .get('/')
        .set(...header)
    ).text,
  ).toBe('welcome home')
  expect(
    (
      await request(after)
        .get('/')
        .set(...header)
    ).text,
  ).toBe('hello')
})
