// The tests of one part of lib, by itself, in one process: a mutant costs what they cost. So they run on the memory store
// alone, and make no folders for keys that they do not use. What survives is to be held against the others too.
import { fileURLToPath } from 'node:url'
import base from './jest.config.js'

process.env.LATCHKEY_TEST_STORES = 'memory'
const { globalSetup: _made, globalTeardown: _removed, setupFiles: _homes, ...rest } = base

export default {
  ...rest,
  roots: ['<rootDir>/test/mutation'],
  testMatch: ['**/area.suite.ts'],
  testEnvironment: fileURLToPath(new URL('test/mutation/one-failure.ts', import.meta.url)),
  maxWorkers: 1,
  reporters: [],
}
