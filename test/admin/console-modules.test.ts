import { expect, test } from '@jest/globals'
import { importsOf, moduleNamed, withServedNames } from '../../lib/admin/console-modules.ts'

const OWN = { name: 'admin/console/view.js', file: '/app/dist/admin/console/view.js' }
const OF_PACKAGE = { name: 'packages/@some/thing/index.js', file: '/app/node_modules/@some/thing/index.js' }

test('imports are found as code has them, and not in the examples of comments', () => {
  const code = `/**
 * @example
import { no } from 'not-this'
 */
import { a } from './a.js'
export { b } from "../b.js"
import './c.js'
const d = await import('./d.js')`
  expect(importsOf(code)).toEqual([
    { specifier: './a.js', isDynamic: false },
    { specifier: '../b.js', isDynamic: false },
    { specifier: './c.js', isDynamic: false },
    { specifier: './d.js', isDynamic: true },
  ])
})

test('a module is looked for where it stands, a package in a folder of its own', () => {
  expect(moduleNamed('../../errors.js', OWN)).toEqual({ name: 'errors.js', file: '/app/dist/errors.js' })
  expect(moduleNamed('./other.js', OF_PACKAGE).name).toBe('packages/@some/thing/other.js')
  const { name, file } = moduleNamed('@noble/hashes/sha2.js', OWN)
  expect(name).toBe('packages/@noble/hashes/sha2.js')
  expect(file).toMatch(/node_modules\/@noble\/hashes\/sha2\.js$/)
})

test.each([
  ['../../../package.js', OWN],
  ['../../../../etc/x.js', OWN],
  ['./data.json', OWN],
  ['node:fs', OWN],
  ['https://elsewhere.example/x.js', OWN],
  ['../other/index.js', OF_PACKAGE],
  ['../../../errors.js', OF_PACKAGE],
])('a page cannot load %s', (specifier, from) => {
  expect(() => moduleNamed(specifier, from)).toThrow(
    `${from.name} imports ${specifier}, which a page cannot load`,
  )
})

test('bare names are put right, and nothing else is', () => {
  const code = `import { encode } from 'uqr'\nimport { a } from './a.js'\nconst text = "from 'uqr'"\nawait import("uqr")`
  const found = importsOf(code).map((one) => ({ ...one, ...moduleNamed(one.specifier, OWN) }))
  expect(withServedNames(code, OWN.name, found)).toBe(
    `import { encode } from '../../packages/uqr/index.mjs'\nimport { a } from './a.js'\nconst text = "from 'uqr'"\nawait import('../../packages/uqr/index.mjs')`,
  )
})
